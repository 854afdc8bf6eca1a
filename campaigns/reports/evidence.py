"""What is on record about one number: consent, messages as they were received, receipts, opt-outs, replies; all of it as a ZIP."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Audience, AudienceMember
from campaigns.reports.message_record import (
    Heard,
    Record,
    further_receipts,
    heard_header,
    heard_row,
    message_header,
    message_row,
    records,
)
from campaigns.reports.message_record import when as _time
from campaigns.states import ImportState
from kit.export_files import csv_lines
from messaging.models import Click, Reply, Suppression


def consents(phone: str) -> list[AudienceMember]:
    """The rows of confirmed files that hold this number, each with its audience and file, the newest first. One probe of the unique
    index for each audience."""
    audiences = list(Audience.objects.values_list("pk", flat=True))
    rows = AudienceMember.objects.filter(audience__in=audiences, phone=phone, source__state=ImportState.DONE)
    return list(rows.select_related("audience", "source__created_by").order_by("-source_id"))


def pack(phone: str, *, asked_by: str, why: str) -> bytes:
    """The ZIP: a cover text, a page to read, and one CSV for each kind of record, with the SHA-256 of each in the cover."""
    messages = records(phone)
    further = further_receipts(phone)
    heard = [one for record in messages for one in record.heard] + further
    files = {
        _("1-consent.csv"): _csv(_consent_rows(phone)),
        _("2-messages.csv"): _csv([message_header(), *map(message_row, messages)]),
        _("3-receipts.csv"): _csv([heard_header(), *map(heard_row, sorted(heard, key=_by_time, reverse=True))]),
        _("4-opt-outs.csv"): _csv(_suppression_rows(phone)),
        _("5-replies-and-clicks.csv"): _csv(_reply_rows(phone)),
        _("6-messages-to-read.html"): _page(phone, messages, further),
    }
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_("0-cover.txt"), _cover(phone, asked_by, why, files))
        for name, body in files.items():
            archive.writestr(name, body)
    return box.getvalue()


def _by_time(heard: Heard) -> float:
    at = heard.at or heard.arrived
    return at.timestamp() if at else 0.0


def _page(phone: str, messages: Sequence[Record], further: Sequence[Heard]) -> bytes:
    context = {"phone": phone, "sent": [one for one in messages if one.was_on_wire], "further": further}
    context["not_sent"] = [one for one in messages if not one.was_on_wire]
    return render_to_string("campaigns/evidence.html", context).encode()


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
        _(
            "Messages stand as they were received: the values of this number filled in, files by their SHA-256. Where a vendor "
            "puts in a link of its own, its name stands as ${…}. The number of a message leads from one file to the other."
        ),
        "",
        _("Files and their SHA-256:"),
        *(f"{hashlib.sha256(body).hexdigest()}  {name}" for name, body in files.items()),
    ]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    header, *rest = rows
    return "".join(csv_lines(header, rest)).encode()


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
