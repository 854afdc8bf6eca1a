"""Whom a number on the report or the progress page stands for, and everybody as a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, repeat, takewhile
from operator import itemgetter
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns.audit_actions import AuditAction
from campaigns.lifecycle import progress
from campaigns.lifecycle.admin.campaign_pages import CampaignPages
from campaigns.models import Campaign
from campaigns.preflight import REASONS, admin, counts, repeats
from campaigns.preflight.audience_query import query_for
from campaigns.preflight.specs import variants
from campaigns.reports import export
from kit import audit, display, masks, xlsx_writer
from kit.export_files import csv_lines
from kit.people import signed_in
from messaging import sentences
from messaging.admin_base import needs, number_link
from messaging.badges import DELIVERY
from messaging.deliveries import status
from messaging.models import Delivery
from messaging.sentences import SENTENCES

SHOWN = 200
Read = Callable[[str], str]
_LINES = 200


class PeoplePages(CampaignPages):
    """Under the campaigns. Numbers are masked; each leads to its line of time for those who may look it up."""

    def people_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/people/<slug:group>/", self.people_view, "people"),
            self.own_url("<int:pk>/export.<str:kind>", self.export_view, "export"),
        ]

    @needs("campaigns.view_campaign")
    def people_view(self, request: HttpRequest, pk: int, group: str) -> HttpResponse:
        if not request.user.has_perms(["campaigns.view_audience"]):
            raise PermissionDenied
        campaign = self.campaign_or_404(pk)
        read = masks.reader(request.user)
        rows = _planned(campaign, group, read) if campaign.dispatch_id is None else _stored(campaign, group, read)
        return self.page(
            request,
            "campaigns/people.html",
            title=_("%(campaign)s: %(group)s") % {"campaign": campaign, "group": _group_word(group)},
            group=_group_word(group),
            campaign=campaign,
            rows=rows,
            told=any(row.reason or row.word or row.at for row in rows),
            shown=SHOWN,
        )

    @needs("messaging.export_delivery")
    def export_view(self, request: HttpRequest, pk: int, kind: str) -> Any:
        """Everybody with the outcome, streaming at any size. Who may not see full numbers gets masked ones."""
        campaign = self.campaign_or_404(pk)
        if kind not in _FILES:
            raise Http404
        full = request.user.has_perm("messaging.reveal_phone")
        stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
        name = f"campaign-{pk}-{request.user.get_username()}-{stamp}.{kind}"
        detail = {"file": name, "rows": export.size(campaign), "full_numbers": full}
        with transaction.atomic():
            audit.record(AuditAction.RECIPIENTS_EXPORTED, actor=signed_in(request), target=campaign, detail=detail)
        content_type, make = _FILES[kind]
        answer = StreamingHttpResponse(
            make(campaign, display.named(signed_in(request)), full), content_type=content_type
        )
        answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return answer


def _csv(campaign: Campaign, _who: str, full: bool) -> Iterator[Any]:
    """Many lines to a piece: the server sends each piece by itself."""
    lines = csv_lines(export.header(), export.rows(campaign, full_numbers=full))
    return takewhile(bool, ("".join(islice(lines, _LINES)) for _piece in repeat(None)))


def _xlsx(campaign: Campaign, who: str, full: bool) -> Iterator[Any]:
    cover = _("About this file"), export.cover(campaign, who=who, full_numbers=full)
    rows = export.rows(campaign, full_numbers=full)
    return xlsx_writer.pieces(_("Recipients"), export.header(), rows, cover=cover)


_FILES: dict[str, tuple[str, Callable[[Campaign, str, bool], Iterator[Any]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}


def _group_word(group: str) -> Any:
    if group == "to_send":
        return _("to be sent to")
    if group == "again":
        return _("gets the same content again")
    if group in DELIVERY:
        return DELIVERY[group][0]
    return sentences.label(group)


@dataclass(frozen=True)
class Person:
    """`reason` and `todo` are ours, `word` is the vendor's, `at` is when it told."""

    number: SafeString
    variables: str
    reason: str = ""
    todo: str = ""
    word: str = ""
    at: datetime | None = None


def _planned(campaign: Campaign, group: str, read: Read) -> list[Person]:
    """Before the rows exist: the same expression as the report, asked for the moment of the check."""
    if campaign.checked_at is None or group not in ("to_send", "again", *REASONS):
        raise Http404
    if group == "again":
        return _again(campaign)
    at, wanted = campaign.checked_at or timezone.now(), "" if group == "to_send" else group
    found: list[tuple[str, Mapping[str, str]]] = []
    for variant in variants(campaign):
        query = query_for(campaign, variant, campaign.report.imports, at)
        found += counts.people(query, variant.spec, wanted, SHOWN)
    return [
        Person(number_link(phone), _plain(variables, read))
        for phone, variables in sorted(found, key=itemgetter(0))[:SHOWN]
    ]


def _again(campaign: Campaign) -> list[Person]:
    """Each with the names of the other campaigns."""
    at = campaign.checked_at or timezone.now()
    found = repeats.people(campaign, at, campaign.report.imports, SHOWN)
    names = dict(
        Campaign.objects.filter(pk__in={key for _phone, keys in found for key in keys}).values_list("pk", "name")
    )
    return [
        Person(
            number_link(phone),
            "",
            _("Also in: %(names)s") % {"names": "、".join(names.get(key) or admin.elsewhere(key) for key in keys)},
        )
        for phone, keys in found
    ]


def _stored(campaign: Campaign, group: str, read: Read) -> list[Person]:
    rows = progress.everybody(campaign)
    if group == "to_send":
        rows = rows.filter(batch__isnull=False)
    elif group in status.STATUSES:
        rows = status.filter_status(rows, group)
    else:
        rows = rows.filter(reason=group)
    return [_person(row, read) for row in rows.select_related("batch").order_by("phone")[:SHOWN]]


def _person(row: Delivery, read: Read) -> Person:
    """What is known of the person alone, else of the batch."""
    batch = row.batch if row.own_status is None else None
    reason = row.reason or (batch.reason if batch else "")
    return Person(
        number_link(row.phone),
        _plain(row.variables, read),
        sentences.label(reason),
        str(SENTENCES[reason].do) if reason in SENTENCES else "",
        read(row.vendor_message or (batch.vendor_message if batch else "")),
        row.reported_at,
    )


def _plain(variables: Mapping[str, str], read: Read) -> str:
    return " · ".join(f"{name}：{read(str(value))}" for name, value in variables.items())
