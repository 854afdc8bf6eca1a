"""What was sent to one number and everything that was heard of it, as rows for tables and for a page to read."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from messaging import sentences
from messaging.badges import DELIVERY
from messaging.deliveries import status as deliveries_status
from messaging.lookup.received import Received, received
from messaging.models import Attempt, Delivery, Receipt
from messaging.states import OWN_HEARD, AttemptOutcome, Channel, OwnStatus


@dataclass(frozen=True)
class Heard:
    """One thing that a vendor said: its answer to the hand-over, or a receipt. `at` is the vendor's time where it gives one,
    `arrived` ours; `words` the vendor's code and words, as they came."""

    kind: str
    message: int | None
    at: datetime | None
    arrived: datetime | None
    account: str
    status: str
    channel: str
    words: str
    reference: str
    task_id: str
    message_id: str
    note: str = ""


@dataclass(frozen=True)
class Record:
    """One message to the number, or one that was planned and not sent. `number` leads from one table to the other."""

    number: int
    delivery: Delivery
    status: str
    reason: str
    message: Received
    heard: Sequence[Heard]
    was_on_wire: bool

    @property
    def dispatch_kind(self) -> str:
        return self.delivery.dispatch.get_kind_display()

    @property
    def channel(self) -> str:
        return channel_words(self.delivery.channel)


def channel_words(code: str) -> str:
    return str(Channel(code).label) if code in Channel.values else code


def records(phone: str) -> list[Record]:
    """Of every dispatch, newest first."""
    related = ("batch", "dispatch__version__template", "dispatch__account", "dispatch__signature", "dispatch__chatbot")
    rows = list(Delivery.objects.filter(phone=phone).select_related(*related).order_by("-dispatch__created_at", "-id"))
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(batch__in=[row.batch_id for row in rows if row.batch_id]).order_by("number"):
        attempts[attempt.batch_id].append(attempt)
    return [_record(row, attempts[row.batch_id or 0]) for row in rows]


def _record(row: Delivery, attempts: Sequence[Attempt]) -> Record:
    if row.own_status == OwnStatus.SKIPPED:
        attempts = ()  # what went out went to the others
    reason = row.reason or (row.batch.reason if row.batch and row.own_status is None else "")
    return Record(
        number=row.pk,
        delivery=row,
        status=str(DELIVERY[deliveries_status.delivery_status(row)][0]),
        reason=sentences.label(reason),
        message=received(row),
        heard=[*(_answer(row, attempt) for attempt in attempts), *_own_receipt(row, attempts)],
        was_on_wire=bool(attempts),
    )


def _answer(row: Delivery, attempt: Attempt) -> Heard:
    return Heard(
        kind=_("answer to the hand-over"),
        message=row.pk,
        at=None,
        arrived=attempt.finished_at,
        account=str(row.dispatch.account),
        status=str(AttemptOutcome(attempt.outcome).label),
        channel="",
        words=f"{attempt.vendor_code} {attempt.vendor_message}".strip(),
        reference=attempt.reference,
        task_id=attempt.task_id,
        message_id=row.message_id,
    )


def _own_receipt(row: Delivery, attempts: Sequence[Attempt]) -> list[Heard]:
    """What the receipts of this message say. A later one that says more takes the place of an earlier one."""
    if row.own_status not in OWN_HEARD and not (
        row.vendor_message and row.own_status in (OwnStatus.REJECTED, OwnStatus.NO_RECEIPT)
    ):
        return []
    last = attempts[-1] if attempts else None
    note = _("confirmed by %(n)s channels") % {"n": row.legs_delivered} if row.legs_delivered > 1 else ""
    return [
        Heard(
            kind=_("receipt"),
            message=row.pk,
            at=row.reported_at,
            arrived=None,
            account=str(row.dispatch.account),
            status=str(DELIVERY[deliveries_status.delivery_status(row)][0]),
            channel=channel_words(row.channel),
            words=row.vendor_message,
            reference=last.reference if last else "",
            task_id=last.task_id if last else "",
            message_id=row.message_id,
            note=note,
        )
    ]


def further_receipts(phone: str) -> list[Heard]:
    """Receipts that a message cannot hold: of a second channel, contradicting, or of no message that is known."""
    rows = Receipt.objects.filter(phone=phone).select_related("account", "attempt").order_by("-id")
    found = []
    for row in rows:
        mine = Delivery.objects.filter(batch=row.attempt.batch_id, phone=phone).first() if row.attempt else None
        found.append(
            Heard(
                kind=_("further receipt"),
                message=mine.pk if mine else None,
                at=row.reported_at,
                arrived=row.arrived_at,
                account=str(row.account),
                status=str(DELIVERY[row.status][0]) if row.status in DELIVERY else row.status,
                channel=channel_words(row.channel),
                words=f"{row.code} {row.vendor_message}".strip(),
                reference=row.reference,
                task_id=row.task_id,
                message_id=row.message_id,
                note=row.note or row.get_state_display(),
            )
        )
    return found


def when(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def heard_row(heard: Heard) -> list[Any]:
    return [
        heard.message or "", heard.kind, when(heard.at), when(heard.arrived), heard.account, heard.status, heard.channel,
        heard.words, heard.reference, heard.task_id, heard.message_id, heard.note,
    ]  # fmt: skip


def heard_header() -> list[str]:
    return [
        _("Message no."), _("Kind"), _("Reported at"), _("Arrived"), _("Vendor account"), _("Status"), _("Channel"),
        _("Vendor's code and words"), _("Our reference"), _("Vendor's task id"), _("Vendor's message id"), _("Note"),
    ]  # fmt: skip


def message_header() -> list[str]:
    return [
        _("Message no."), _("Planned at"), _("Handed over"), _("Dispatch"), _("Kind"), _("Source"), _("Vendor account"),
        _("Signature"), _("5G sender"), _("Template"), _("Message as received"), _("Instead, where the phone cannot show it"),
        _("Variables"), _("Status"), _("Channel"), _("Reason"), _("Vendor's own words"), _("Reported at"), _("Our reference"),
        _("Vendor's task id"), _("Vendor's message id"),
    ]  # fmt: skip


def message_row(record: Record) -> list[Any]:
    row, dispatch, message = record.delivery, record.delivery.dispatch, record.message
    last = record.heard[-1] if record.heard else None
    return [
        record.number, when(dispatch.created_at), when(row.batch.submitted_at if row.batch else None), dispatch.title,
        record.dispatch_kind, dispatch.source, str(dispatch.account), message.signature, message.sender,
        str(dispatch.version or ""), _said(message.main), _said(message.fallback),
        "\n".join(f"{name}: {value}" for name, value in row.variables.items()), record.status, record.channel,
        record.reason, row.vendor_message, when(row.reported_at), last.reference if last else "", last.task_id if last else "",
        row.message_id,
    ]  # fmt: skip


def _said(lines: Sequence[Any]) -> str:
    return "\n".join(f"{line.place}: {line.value}" for line in lines)
