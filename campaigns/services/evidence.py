"""What is on record about one number: consent, messages, opt-outs, replies, receipts; and all of it as a ZIP."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Audience, AudienceMember
from campaigns.services.progress import reason_words
from campaigns.states import ImportState
from config.kit.sheets import csv_lines
from messaging import selectors
from messaging.badges import DELIVERY
from messaging.models import Attempt, Click, Delivery, Receipt, Reply, Suppression
from messaging.states import Channel


def consents(phone: str) -> list[AudienceMember]:
    """The rows of confirmed files that hold this number, each with its audience and file, the newest first. One probe of the unique
    index for each audience."""
    audiences = list(Audience.objects.values_list("pk", flat=True))
    rows = AudienceMember.objects.filter(audience__in=audiences, phone=phone, source__state=ImportState.DONE)
    return list(rows.select_related("audience", "source__created_by").order_by("-source_id"))


def pack(phone: str, *, asked_by: str, why: str) -> bytes:
    """The ZIP: a cover text and one CSV for each kind of record, with the SHA-256 of each in the cover."""
    files = {
        _("1-consent.csv"): _csv(_consent_rows(phone)),
        _("2-messages.csv"): _csv(_message_rows(phone)),
        _("3-receipts.csv"): _csv(_receipt_rows(phone)),
        _("4-opt-outs.csv"): _csv(_suppression_rows(phone)),
        _("5-replies-and-clicks.csv"): _csv(_reply_rows(phone)),
    }
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_("0-cover.txt"), _cover(phone, asked_by, why, files))
        for name, body in files.items():
            archive.writestr(name, body)
    return box.getvalue()


def _cover(phone: str, asked_by: str, why: str, files: dict[str, bytes]) -> bytes:
    lines = [
        _("Evidence pack for one number"),
        "",
        _("Number: %(phone)s") % {"phone": phone},
        _("Made: %(at)s (Beijing time)") % {"at": _time(timezone.now())},
        _("Made by: %(who)s") % {"who": asked_by},
        _("Purpose: %(why)s") % {"why": why},
        "",
        _("All times are Beijing time. A record that was lifted or did not lead to a message is listed as well."),
        _("“Delivered” means that the carrier confirmed it; without a receipt nothing is claimed."),
        "",
        _("Files and their SHA-256:"),
        *(f"{hashlib.sha256(body).hexdigest()}  {name}" for name, body in files.items()),
    ]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    header, *rest = rows
    return "".join(csv_lines(header, rest)).encode()


def _time(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _consent_rows(phone: str) -> list[list[Any]]:
    header = [
        _("Audience"), _("Source of consent"), _("Date of consent"), _("Consent recorded for"), _("File"),
        _("SHA-256 of the file"), _("Line"),
        _("Imported at"), _("Imported by"),
    ]  # fmt: skip
    rows = [
        [
            row.audience.name, row.consent[0], row.consent[1] or "",
            _("this number") if row.has_own_consent else _("the whole audience"), row.source.file_name,
            row.source.sha256, row.line, _time(row.source.finished_at or row.source.created_at),
            str(row.source.created_by or ""),
        ]
        for row in consents(phone)
    ]  # fmt: skip
    return [header, *rows]


def _message_rows(phone: str) -> list[list[Any]]:
    header = [
        _("Planned at"), _("Handed over"), _("Round"), _("Source"), _("Vendor account"), _("Signature"), _("Content"),
        _("Variables"), _("Status"), _("Channel"), _("Reason"), _("Vendor's own words"), _("Reported at"),
        _("Our reference"), _("Vendor's task id"), _("Vendor's message id"),
    ]  # fmt: skip
    related = ("batch", "dispatch__version", "dispatch__account", "dispatch__signature")
    rows = list(Delivery.objects.filter(phone=phone).select_related(*related).order_by("-dispatch__created_at", "-id"))
    last = {
        attempt.batch_id: attempt
        for attempt in Attempt.objects.filter(batch__in=[row.batch_id for row in rows]).order_by("number")
    }
    return [header, *(_message(row, last.get(row.batch_id or 0)) for row in rows)]


def _message(row: Delivery, attempt: Attempt | None) -> list[Any]:
    dispatch, batch = row.dispatch, row.batch
    content = dispatch.text or (dispatch.version.content if dispatch.version else {})
    reason = row.reason or (batch.reason if batch and row.own is None else "")
    return [
        _time(dispatch.created_at), _time(batch.submitted_at if batch else None), dispatch.title, dispatch.source,
        str(dispatch.account), str(dispatch.signature or ""), _json(content), _json(row.variables),
        str(DELIVERY[selectors.delivery_status(row)][0]), str(Channel(row.channel).label) if row.channel else "",
        reason_words(reason), row.vendor_word, _time(row.reported_at), attempt.reference if attempt else "",
        attempt.task_id if attempt else "", row.message_id,
    ]  # fmt: skip


def _json(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode() if value else ""


def _receipt_rows(phone: str) -> list[list[Any]]:
    header = [
        _("Arrived"), _("Reported at"), _("Vendor account"), _("Status"), _("Channel"), _("Vendor's own words"),
        _("Reference"), _("Vendor's task id"), _("Note"),
    ]  # fmt: skip
    rows = Receipt.objects.filter(phone=phone).select_related("account").order_by("-id")
    return [
        header,
        *(
            [
                _time(row.arrived_at), _time(row.reported_at), str(row.account), row.status, row.channel,
                f"{row.code} {row.vendor_word}".strip(), row.reference, row.task_id, row.note,
            ]
            for row in rows
        ),
    ]  # fmt: skip


def _suppression_rows(phone: str) -> list[list[Any]]:
    header = [
        _("Since"), _("Scope"), _("Source"), _("Reason"), _("Entered by"), _("Lifted at"), _("Lifted by"),
        _("Reason for lifting"),
    ]  # fmt: skip
    related = ("signature", "account", "created_by", "lifted_by")
    rows = Suppression.objects.filter(phone=phone).select_related(*related).order_by("-id")
    return [
        header,
        *(
            [
                _time(row.since), str(row.signature or row.account or row.get_scope_display()),
                row.get_source_display(), row.note, str(row.created_by or ""), _time(row.lifted_at),
                str(row.lifted_by or ""), row.lift_reason,
            ]
            for row in rows
        ),
    ]  # fmt: skip


def _reply_rows(phone: str) -> list[list[Any]]:
    header = [_("At"), _("Kind"), _("Vendor account"), _("Content"), _("Opt-out"), _("Status")]
    replies = Reply.objects.filter(phone=phone).select_related("account")
    clicks = Click.objects.filter(phone=phone).select_related("account")
    found = [
        (
            row.replied_at,
            [_("reply"), str(row.account), row.content, _("yes") if row.is_opt_out else "", row.get_state_display()],
        )
        for row in replies
    ]
    found += [(row.clicked_at, [_("click"), str(row.account), row.url, "", ""]) for row in clicks]
    return [header, *([_time(at), *rest] for at, rest in sorted(found, key=lambda pair: pair[0], reverse=True))]
