from messaging.models.accounts import AccountRateLimit, Chatbot, PollState, Signature, VendorAccount
from messaging.models.calls import VendorCall
from messaging.models.deliveries import Delivery
from messaging.models.dispatches import Attempt, Batch, Dispatch
from messaging.models.fence import Fence, FenceHold, FenceMark
from messaging.models.form_tokens import FormToken
from messaging.models.inbox import CannedAnswer, KeywordRule
from messaging.models.lookups import LookupCount
from messaging.models.media import VendorMedia
from messaging.models.policy import SendingPolicy, SendingWindow
from messaging.models.receipts import CallbackEvent, Receipt
from messaging.models.replies import Click, Reply
from messaging.models.reviews import TemplateReview
from messaging.models.shared_work import DueWork, Heartbeat, Mutex, PendingJob
from messaging.models.stops import SendingStop
from messaging.models.suppressions import Suppression, SuppressionImport, SuppressionProblem

__all__ = [
    "AccountRateLimit",
    "Attempt",
    "Batch",
    "CallbackEvent",
    "CannedAnswer",
    "Chatbot",
    "Click",
    "Delivery",
    "Dispatch",
    "DueWork",
    "Fence",
    "FenceHold",
    "FenceMark",
    "FormToken",
    "Heartbeat",
    "KeywordRule",
    "LookupCount",
    "Mutex",
    "PendingJob",
    "PollState",
    "Receipt",
    "Reply",
    "SendingPolicy",
    "SendingStop",
    "SendingWindow",
    "Signature",
    "Suppression",
    "SuppressionImport",
    "SuppressionProblem",
    "TemplateReview",
    "VendorAccount",
    "VendorCall",
    "VendorMedia",
]
