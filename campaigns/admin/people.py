"""Whom a number on the sheet or the progress page stands for, and everybody as a file."""

from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from campaigns import badges
from campaigns.bulk import plan
from campaigns.models import Campaign
from campaigns.services import progress
from campaigns.services.planning import REASONS
from campaigns.services.planning.rules import arms, rules_for
from config.kit import audit
from config.kit.sheets import csv_lines, write_xlsx
from config.kit.words import gettext_noop
from messaging import selectors
from messaging.admin.base import Page, needs, number_link
from messaging.badges import DELIVERY

SHOWN = 200
MOST_XLSX_ROWS = 100_000


class PeoplePages(Page):
    """Under the campaigns. Numbers are masked; each leads to its line of time for those who may look it up."""

    def people_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/people/<slug:group>/", self.people_view, "people"),
            self.own_url("<int:pk>/export.<str:kind>", self.export_view, "export"),
        ]

    def campaign_or_404(self, pk: int) -> Campaign:
        raise NotImplementedError

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
            campaign=campaign,
            rows=[(number_link(phone), variables) for phone, variables in rows],
            shown=SHOWN,
        )

    @needs("messaging.export_delivery")
    def export_view(self, request: HttpRequest, pk: int, kind: str) -> Any:
        """Everybody with the outcome. CSV streams at any size; XLSX is written whole first, so it has a limit."""
        campaign = self.campaign_or_404(pk)
        if kind not in ("csv", "xlsx"):
            raise Http404
        full = request.user.has_perm("messaging.reveal_phone")
        if kind == "xlsx" and campaign.dispatch and campaign.dispatch.total > MOST_XLSX_ROWS:
            words = _("More than %(n)s rows: take the CSV file, which a spreadsheet opens as well.")
            messages.error(request, words % {"n": f"{MOST_XLSX_ROWS:,}"})
            return redirect(self.address("progress", pk))
        words = gettext_noop("Exported the recipients of a campaign")
        with transaction.atomic():
            audit.record(words, actor=request.user, target=campaign, detail={"full_numbers": full, "file": kind})
        rows = progress.export_rows(campaign, full_numbers=full)
        answer = _xlsx(rows) if kind == "xlsx" else _csv(rows)
        stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
        name = f"campaign-{pk}-{request.user.get_username()}-{stamp}.{kind}"
        answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return answer


def _csv(rows: Iterator[list[Any]]) -> Any:
    lines = csv_lines(progress.export_header(), rows)
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")


def _xlsx(rows: Iterator[list[Any]]) -> Any:
    with NamedTemporaryFile(suffix=".xlsx") as file:
        write_xlsx(Path(file.name), progress.export_header(), rows)
        whole = Path(file.name).open("rb")  # noqa: SIM115 - the response closes it; its name may go before
    return FileResponse(whole, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def _group_word(group: str) -> Any:
    if group == "to_send":
        return _("to be sent to")
    if group in DELIVERY:
        return DELIVERY[group][0]
    return badges.unsent(group)


def _planned(campaign: Campaign, group: str) -> list[tuple[str, str]]:
    """Before the rows exist: the same expression as the sheet, asked for the moment of the check."""
    if not campaign.sheet or group not in ("to_send", *REASONS):
        raise Http404
    at, wanted = campaign.checked_at or timezone.now(), "" if group == "to_send" else group
    found = []
    for arm in arms(campaign):
        found += plan.people(rules_for(arm, at, campaign.sheet["imports"]), wanted, SHOWN)
    return [(phone, _plain(variables)) for phone, variables in sorted(found, key=itemgetter(0))[:SHOWN]]


def _stored(campaign: Campaign, group: str) -> list[tuple[str, str]]:
    rows = progress.everybody(campaign)
    if group == "to_send":
        rows = rows.filter(batch__isnull=False)
    elif group in selectors.STATUSES:
        rows = selectors.filter_status(rows, group)
    else:
        rows = rows.filter(reason=group)
    found = rows.order_by("phone").values_list("phone", "variables")[:SHOWN]
    return [(phone, _plain(variables)) for phone, variables in found]


def _plain(variables: dict[str, str]) -> str:
    return " · ".join(f"{name}：{value}" for name, value in variables.items())
