"""Every operation of document 004: 15 safe, 5 plain, 4 pushes and the retrieval of receipts."""

from config.kit.words import gettext_noop as _
from messaging.gateway.types import Operation

_SEND = "send"
OPERATIONS: tuple[Operation, ...] = (
    Operation("single", "2.1.1", "/inter/sendSingleSMS", _("Send SMS to one number"), _SEND),
    Operation("batch", "2.1.2", "/inter/sendBatchSMS", _("Send one text to many numbers"), _SEND),
    Operation("batch_only", "2.1.3", "/inter/sendBatchOnlySMS", _("Send one text without our own ids"), _SEND),
    Operation("personal", "2.1.4", "/inter/sendPersonalitySMS", _("Send each number its own text"), _SEND),
    Operation("personal_all", "2.1.5", "/inter/sendPersonalityAllSMS", _("Own text, time and code for each"), _SEND),
    Operation("template_create", "2.1.6", "/inter/createTemplateSMS", _("Submit a template"), "submit"),
    Operation("template_delete", "2.1.7", "/inter/deleteTemplateSMS", _("Delete a template"), "delete_template"),
    Operation("template_query", "2.1.8", "/inter/queryTemplateSMS", _("Ask about a template"), "query_template"),
    Operation("template_normal", "2.1.9", "/inter/sendTemplateNormalSMS", _("Send by template"), _SEND),
    Operation(
        "template_variable", "2.1.10", "/inter/sendTemplateVariableSMS", _("Send by template with variables"), _SEND
    ),
    Operation("short_link", "2.1.11", "/inter/sendShortLinkSMS", _("Send with a short link"), _SEND),
    Operation("report", "2.1.12", "/inter/getReport", _("Fetch receipts"), "poll"),
    Operation("reply", "2.1.13", "/inter/getMo", _("Fetch replies"), "poll"),
    Operation("click", "2.1.14", "/inter/getShortLink", _("Fetch clicks"), "poll"),
    Operation("balance", "2.1.15", "/inter/getBalance", _("Ask for the balance"), "balance"),
    Operation("plain_send", "2.2.1", "/simpleinter/sendSMS", _("Send one text, plain interface"), _SEND),
    Operation(
        "plain_personal", "2.2.2", "/simpleinter/sendPersonalitySMS", _("Send own texts, plain interface"), _SEND
    ),
    Operation("plain_report", "2.2.3", "/simpleinter/getReport", _("Fetch receipts, plain interface"), "poll"),
    Operation("plain_reply", "2.2.4", "/simpleinter/getMo", _("Fetch replies, plain interface"), "poll"),
    Operation(
        "plain_balance", "2.2.5", "/simpleinter/getBalance", _("Ask for the balance, plain interface"), "balance"
    ),
    Operation("push_report", "2.3.1.1", "receipt", _("Receipts pushed, encrypted"), inbound=True),
    Operation("push_reply", "2.3.1.2", "reply", _("Replies pushed, encrypted"), inbound=True),
    Operation("push_report_plain", "2.3.2.1", "receipt", _("Receipts pushed, plain"), inbound=True),
    Operation("push_reply_plain", "2.3.2.2", "reply", _("Replies pushed, plain"), inbound=True),
    Operation("retrieve", "2.4", "/report/retrieveReport", _("Have receipts given again"), "retrieve"),
)
PATHS = {operation.key: operation.address for operation in OPERATIONS if not operation.inbound}
