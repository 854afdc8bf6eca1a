"""What this vendor cannot carry, by path, beyond the kinds that its capabilities leave out."""

from collections.abc import Iterator

from kit.msgids import gettext_noop as _
from messaging.vendors.emay.payloads import SHORT_LINK
from templates_5g.blocks import Content, Problem, Sms


def of_message(content: Content) -> Iterator[Problem]:
    if isinstance(content, Sms) and SHORT_LINK in content.text:
        sentence = _("This text needs the address behind the short link among the send options.")
        yield Problem("text", "vendor.short_link", sentence, severity="warning")
