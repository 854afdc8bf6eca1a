"""Which of the four send operations a batch takes, and what stands in its way before anything goes on the wire.

free text, the same for all        /rcs/send           §2
free text with variables           /rcs/p2p            §3
approved template, no variables    /rcs/templateSend   §6
approved template, variables       /rcs/templateP2P    §7
"""

from typing import Any

from config.kit.words import gettext_noop as _
from messaging.gateway.types import SendRequest
from messaging.vendors.rcs_gateway import payloads
from templates_5g.blocks import Sms, Text
from templates_5g.blocks.variables import VENDOR_VARIABLES, fill, names_in, names_of


def choose(request: SendRequest) -> tuple[str, dict[str, Any]]:
    """(operation key, body)."""
    return _from_template(request) if request.template_id else _free_text(request)


def obstacle(request: SendRequest) -> str:
    """What keeps this batch from being sent at all, as a msgid; "" for nothing. It would be everybody's refusal."""
    if not request.template_id:
        return "" if _text(request) else _("There is neither a reviewed template nor a text to send.")
    if not (request.template_id.isascii() and request.template_id.isdigit()):
        return _("The vendor's template id is a whole number; this one is not.")
    if not _is_subset(request):
        return _("The fallback chosen for this send is not part of the reviewed template.")
    return "" if _has_links(request) else _("A fallback to smart SMS needs a short link.")


def chosen_call_type(request: SendRequest) -> int:
    """What was chosen for this send, by default all that the version has."""
    option = request.options.get("callType")
    return payloads.call_type(request.content, request.fallback) if option in (None, "") else int(option)


def _is_subset(request: SendRequest) -> bool:
    if request.content is None and request.fallback is None:
        return True
    return not chosen_call_type(request) & ~payloads.call_type(request.content, request.fallback)


def _has_links(request: SendRequest) -> bool:
    if not chosen_call_type(request) & payloads.BITS["aim"] or request.options.get("aimUrl"):
        return True
    return all(recipient.variables.get(payloads.AIM_LINK) for recipient in request.recipients)


def _text(request: SendRequest) -> str:
    return request.text or (request.content.text if isinstance(request.content, Text | Sms) else "")


def _free_text(request: SendRequest) -> tuple[str, dict[str, Any]]:
    text = payloads.signed_text(_text(request), request.signature)
    names = set(names_in(text))
    if any(not names.isdisjoint(recipient.variables) for recipient in request.recipients):
        texts = {phone: fill(text, values) for phone, values in request.recipients}
        return "p2p", payloads.text_each(texts, request.reference)
    return "send", payloads.one_text((phone for phone, _values in request.recipients), text, request.reference)


def _from_template(request: SendRequest) -> tuple[str, dict[str, Any]]:
    bits, link = chosen_call_type(request), str(request.options.get("aimUrl") or "")
    names = _names(request)
    own_links = bool(bits & payloads.BITS["aim"]) and any(payloads.AIM_LINK in r.variables for r in request.recipients)
    if names or own_links:
        asked = link if bits & payloads.BITS["aim"] and _has_place_for_link(request) else None
        values = payloads.values_each(request.recipients, names, asked)
        return "templateP2P", payloads.template_each(request.template_id, values, request.reference, bits)
    phones = (phone for phone, _values in request.recipients)
    return "templateSend", payloads.template_send(request.template_id, phones, request.reference, bits, link)


def _names(request: SendRequest) -> list[str]:
    """The template's own variables (§7.2: exactly these); without the version at hand, what the recipients bring."""
    if request.content is not None or request.fallback is not None:
        return names_of(*(part.dump() for part in (request.content, request.fallback) if part))
    brought: dict[str, None] = {}
    for recipient in request.recipients:
        brought.update(dict.fromkeys(recipient.variables))
    return [name for name in brought if name not in VENDOR_VARIABLES]


def _has_place_for_link(request: SendRequest) -> bool:
    aim = request.fallback.aim if request.fallback else None
    return aim is None or payloads.AIM_LINK in names_in(aim.text)
