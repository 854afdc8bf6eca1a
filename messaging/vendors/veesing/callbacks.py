"""The two pushes, each one form with one event (document sections 3 and 4). They carry no signature and no reference."""

from urllib.parse import parse_qsl

from messaging.gateway import lenient, times
from messaging.gateway.lenient import Row, mobile, required
from messaging.gateway.normal_form import storable
from messaging.gateway.outcomes import UnreadableBody
from messaging.gateway.types import Event, Inbound, ReceiptEvent, ReviewEvent, WireReply
from messaging.vendors.veesing import codes

ACKNOWLEDGEMENT = WireReply(b"success")  # the document prescribes no reply
_NAMES = {"taskid", "returnstatus", "message", "mobile", "status", "receivetime"}


def parse(inbound: Inbound) -> list[Event]:
    """Raises UnreadableBody."""
    forms = inbound.part([_form(inbound)])
    if inbound.kind == "receipt":
        return lenient.events(inbound.kind, forms, _receipt)
    arrival = inbound.at.isoformat() if inbound.at else ""
    return lenient.events(inbound.kind, forms, lambda row: _review(row, arrival))


def _form(inbound: Inbound) -> dict[str, str]:
    """The pairs of body and query, names in lower case (`taskId` in one push, `taskid` in the other), values stripped.
    Raises UnreadableBody where none of the document's names is there."""
    pairs = parse_qsl(inbound.query, keep_blank_values=True)
    pairs += parse_qsl(inbound.body.decode("utf-8", "replace"), keep_blank_values=True)
    values = {name.strip().lower(): storable(value).strip() for name, value in pairs}
    if not values.keys() & _NAMES:
        raise UnreadableBody("The body is not a form of this vendor")
    return values


def _review(row: Row, arrival: str) -> ReviewEvent:
    """The id may be the one of `create` (a review) or of `send` (that batch): the document does not say, so both are
    filled. The key holds the arrival: the same words may come again and mean a new decision."""
    task_id, status = required(row, "taskid"), row.get("returnstatus", "")
    return ReviewEvent(
        key=lenient.key("review", task_id, status, arrival),
        template_id=task_id,
        task_id=task_id,
        state=codes.REVIEWS.get(status),
        message=row.get("message", ""),
        code=status,
    )


def _receipt(row: Row) -> ReceiptEvent:
    """One number of one send."""
    task_id, phone, word = required(row, "taskid"), mobile(row, "mobile"), row.get("status", "")
    status, reason = codes.receipt(word)
    return ReceiptEvent(
        key=lenient.key("receipt", task_id, phone, word),
        phone=phone,
        status=status,
        task_id=task_id,
        channel="mms",
        reason=reason,
        code=word,
        at=times.read(row.get("receivetime", "")),
    )
