"""Whom a number on the sheet or the progress page stands for, and everybody as a file."""

from collections.abc import Callable, Iterator
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

from campaigns import badges
from campaigns.admin.one import CampaignPages
from campaigns.bulk import plan
from campaigns.models import Campaign
from campaigns.services import exporting, progress
from campaigns.services.planning import REASONS
from campaigns.services.planning.rules import arms, rules_for
from config.kit import audit, workbooks
from config.kit.sheets import csv_lines
from config.kit.words import gettext_noop
from messaging import selectors
from messaging.admin.base import needs, number_link
from messaging.badges import DELIVERY
from messaging.models import Delivery
from messaging.sentences import SENTENCES

SHOWN = 200
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
        rows = _planned(campaign, group) if campaign.dispatch_id is None else _stored(campaign, group)
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
        detail = {"file": name, "rows": exporting.size(campaign), "full_numbers": full}
        with transaction.atomic():
            words = gettext_noop("Exported the recipients of a campaign")
            audit.record(words, actor=request.user, target=campaign, detail=detail)
        content_type, make = _FILES[kind]
        answer = StreamingHttpResponse(make(campaign, request.user.get_username(), full), content_type=content_type)
        answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return answer


def _csv(campaign: Campaign, _who: str, full: bool) -> Iterator[Any]:
    """Many lines to a piece: the server sends each piece by itself."""
    lines = csv_lines(exporting.header(), exporting.rows(campaign, full_numbers=full))
    return takewhile(bool, ("".join(islice(lines, _LINES)) for _piece in repeat(None)))


def _xlsx(campaign: Campaign, who: str, full: bool) -> Iterator[Any]:
    cover = _("About this file"), exporting.cover(campaign, who=who, full_numbers=full)
    rows = exporting.rows(campaign, full_numbers=full)
    return workbooks.pieces(_("Recipients"), exporting.header(), rows, cover=cover)


_FILES: dict[str, tuple[str, Callable[[Campaign, str, bool], Iterator[Any]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}


def _group_word(group: str) -> Any:
    if group == "to_send":
        return _("to be sent to")
    if group in DELIVERY:
        return DELIVERY[group][0]
    return badges.unsent(group)


@dataclass(frozen=True)
class Person:
    """`reason` and `todo` are ours, `word` is the vendor's, `at` is when it told."""

    number: SafeString
    variables: str
    reason: str = ""
    todo: str = ""
    word: str = ""
    at: datetime | None = None


def _planned(campaign: Campaign, group: str) -> list[Person]:
    """Before the rows exist: the same expression as the sheet, asked for the moment of the check."""
    if not campaign.sheet or group not in ("to_send", *REASONS):
        raise Http404
    at, wanted = campaign.checked_at or timezone.now(), "" if group == "to_send" else group
    found = []
    for arm in arms(campaign):
        found += plan.people(rules_for(arm, at, campaign.sheet["imports"]), wanted, SHOWN)
    return [
        Person(number_link(phone), _plain(variables)) for phone, variables in sorted(found, key=itemgetter(0))[:SHOWN]
    ]


def _stored(campaign: Campaign, group: str) -> list[Person]:
    rows = progress.everybody(campaign)
    if group == "to_send":
        rows = rows.filter(batch__isnull=False)
    elif group in selectors.STATUSES:
        rows = selectors.filter_status(rows, group)
    else:
        rows = rows.filter(reason=group)
    return [_person(row) for row in rows.select_related("batch").order_by("phone")[:SHOWN]]


def _person(row: Delivery) -> Person:
    """What is known of the person alone, else of the batch."""
    batch = row.batch if row.own is None else None
    reason = row.reason or (batch.reason if batch else "")
    return Person(
        number_link(row.phone),
        _plain(row.variables),
        progress.reason_words(reason),
        str(SENTENCES[reason].do) if reason in SENTENCES else "",
        row.vendor_word or (batch.vendor_word if batch else ""),
        row.reported_at,
    )


def _plain(variables: dict[str, str]) -> str:
    return " · ".join(f"{name}：{value}" for name, value in variables.items())
