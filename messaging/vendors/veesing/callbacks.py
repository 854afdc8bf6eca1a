"""The two pushes, each one form with one event (document sections 3 and 4). They carry no signature and no reference."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from messaging.gateway.cleaning import plausible
from messaging.gateway.errors import UnreadableBody
from messaging.gateway.types import Event, Inbound, OddEvent, ReceiptEvent, ReviewEvent
from messaging.vendors.veesing import codes
from messaging.vendors.veesing.payloads import SHANGHAI

_PHONE = re.compile(r"(?:\+?86)?(1\d{10})")

_NAMES = {"taskid", "returnstatus", "message", "mobile", "status", "receivetime"}


def review(inbound: Inbound) -> Event:
    """The id may be the one of `create` (a review) or of `send` (that batch): the document does not say, so both are
    filled. The key holds the arrival: the same words may come again and mean a new decision."""
    values = _form(inbound)
    task_id = values.get("taskid", "")
    if not task_id:
        return _odd(inbound, "no task id")
    status = values.get("returnstatus", "")
    arrival = inbound.at.isoformat() if inbound.at else ""
    return ReviewEvent(
        key=f"{task_id[:80]}-{status[:20]}-{arrival}",
        template_id=task_id,
        task_id=task_id,
        state=codes.REVIEWS.get(status),
        message=values.get("message", ""),
        code=status,
    )


def receipt(inbound: Inbound) -> Event:
    """One number of one send."""
    values = _form(inbound)
    task_id, status = values.get("taskid", ""), values.get("status", "")
    phone = _PHONE.fullmatch(values.get("mobile", ""))
    if not task_id or not phone:
        return _odd(inbound, "no task id" if phone else "no mobile number")
    state, reason = codes.receipt(status)
    return ReceiptEvent(
        key=f"{task_id[:80]}-{phone[1]}-{status[:60]}",
        phone=phone[1],
        status=state,
        task_id=task_id,
        channel="mms",
        reason=reason,
        code=status,
        at=_time(values.get("receivetime", "")),
    )


def _form(inbound: Inbound) -> Mapping[str, str]:
    """The pairs of body and query, names in lower case (`taskId` in one push, `taskid` in the other), values stripped.

    Raises UnreadableBody where none of the document's names is there."""
    pairs = parse_qsl(inbound.query, keep_blank_values=True)
    pairs += parse_qsl(inbound.body.decode("utf-8", "replace"), keep_blank_values=True)
    values = {name.strip().lower(): value.strip() for name, value in pairs}
    if not values.keys() & _NAMES:
        raise UnreadableBody("The body is not a form of this vendor")
    return values


def _odd(inbound: Inbound, why: str) -> OddEvent:
    raw = inbound.body or inbound.query.encode()
    return OddEvent(hashlib.sha256(raw).hexdigest(), raw.decode("utf-8", "replace"), why)


def _time(text: str) -> datetime | None:
    try:
        return plausible(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI))
    except ValueError:
        return None
