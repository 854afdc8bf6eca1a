"""Figures over a time: a table that closes, why messages fell, what it should have cost; and the same as a workbook."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.audit_actions import AuditAction
from campaigns.models import DispatchFigures
from campaigns.reports import report as reports_report
from kit import audit, display, xlsx_writer
from kit.people import signed_in
from messaging.admin_base import LookOnly, needs

BY = (
    ("campaign", gettext_lazy("Campaign")),
    ("template", gettext_lazy("Message template")),
    ("vendor", gettext_lazy("Vendor")),
    ("account", gettext_lazy("Vendor account")),
    ("channel", gettext_lazy("Channel")),
    ("operator", gettext_lazy("Operator (by prefix)")),
    ("day", pgettext_lazy("report", "Day")),
)

# Lines on the page; the workbook has them all, and the total is of all.
SHOWN = 200


class ReportForm(forms.Form):
    by = forms.ChoiceField(label=gettext_lazy("by"), choices=BY, required=False)
    since = forms.DateField(
        label=gettext_lazy("from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        """The last 30 days by campaign where nothing else was asked."""
        cleaned = super().clean() or self.cleaned_data
        until = cleaned.get("until") or timezone.localdate()
        since = cleaned.get("since") or until - timedelta(days=29)
        if since > until:
            self.add_error("since", _("The first day must not be after the last."))
        elif (until - since).days >= reports_report.LONGEST:
            self.add_error("since", _("One year at most."))
        return {"by": cleaned.get("by") or "campaign", "since": since, "until": until}


@admin.register(DispatchFigures)
class ReportAdmin(LookOnly):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.report_view), name="reports"),
            path("download/", wrap(self.download_view), name="reports_download"),
        ]

    @needs("campaigns.view_report")
    def report_view(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET if request.GET else None
        form = ReportForm(asked or {})
        valid = form.is_valid()
        chosen = form.cleaned_data if valid else {}
        filled = ReportForm(initial=chosen) if valid else form
        report = reports_report.report(**chosen) if valid else None
        return self.page(
            request,
            "campaigns/reports.html",
            title=_("Reports"),
            form=filled,
            report=report,
            lines=report.lines[:SHOWN] if report else [],
            more=max(len(report.lines) - SHOWN, 0) if report else 0,
            spending=reports_report.spending(chosen["since"], chosen["until"]) if valid else [],
            by_word=dict(BY).get(chosen.get("by", ""), ""),
            query=_query(chosen) if valid else "",
        )

    @needs("campaigns.view_report")
    def download_view(self, request: HttpRequest) -> Any:
        form = ReportForm(request.GET or {})
        if not form.is_valid():
            return self.report_view(request)
        chosen = form.cleaned_data
        with transaction.atomic():
            detail = {key: str(value) for key, value in chosen.items()}
            audit.record(AuditAction.REPORT_DOWNLOADED, actor=signed_in(request), detail=detail)
        return _workbook(request, chosen)


def _query(chosen: Mapping[str, object]) -> str:
    return f"by={chosen['by']}&since={chosen['since']}&until={chosen['until']}"


def _workbook(request: HttpRequest, chosen: Mapping[str, Any]) -> HttpResponse:
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    table = _table(chosen["by"], chosen["since"], chosen["until"])
    book = b"".join(xlsx_writer.pieces(_("Reports"), *table))
    answer = HttpResponse(book, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    name = f"report-{chosen['by']}-{request.user.get_username()}-{stamp}.xlsx"
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _table(by: str, since: date, until: date) -> tuple[list[Any], list[list[Any]]]:
    """Header and rows: the lines with their total, then the reasons, then units against balances, then of which days."""
    found = reports_report.report(by, since, until)
    header = [
        dict(BY)[by], _("Total"), _("Not sent"), _("Hand-over rejected"), _("Handed over"), _("Delivered"),
        _("Not delivered"), _("No receipt"), _("No result yet"), _("Delivery rate"), _("Fallback share"),
        _("Opt-outs"), _("Opt-out rate"), _("Billable units"),
    ]  # fmt: skip
    rows = [_row(line) for line in [*found.lines, found.whole]]
    reasons = [[what, people, do] for what, do, people in found.reasons]
    money = [
        _("Vendor account"), _("Billable units"), _("Expected cost"), _("The balance should lose"), _("The balance lost"),
        _("Difference"), _("Topped up"),
    ]  # fmt: skip
    spent = [
        [
            one.account,
            one.units,
            _known(one.cost),
            one.expected,
            _known(one.lost),
            _known(one.difference),
            one.topped_up,
        ]
        for one in reports_report.spending(since, until)
    ]
    days = [[_("from"), since.isoformat()], [_("until"), until.isoformat()]]
    return header, [
        *rows, [], [_("Reason"), _("People"), _("What we can do")], *reasons, [], money, *spent, [], *days,
    ]  # fmt: skip


def _known(amount: object) -> Any:
    return display.UNKNOWN if amount is None else amount


def _row(line: reports_report.Line) -> list[Any]:
    return [
        line.name, line.total, line.not_sent, line.rejected, line.handed_over, line.delivered, line.failed,
        line.no_receipt, line.open, display.percent(line.delivered, line.settled),
        display.percent(line.fell_back, line.delivered), line.opt_outs, display.percent(line.opt_outs, line.handed_over),
        line.units,
    ]  # fmt: skip
