"""The chart of the last 30 days on the home page, and the same numbers as a table."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.reports import report
from kit import display

DAYS = 30
KEPT_SECONDS = 60
MOST_NAMES = 20


def last_days(request: HttpRequest) -> str:
    """Rendered, "" for those who see no reports and while nothing was ever sent."""
    if not request.user.has_perm("campaigns.view_report"):
        return ""
    until = timezone.localdate()
    # The words of a channel are in the language of the reader.
    key = f"daily:{until}:{getattr(request, 'LANGUAGE_CODE', '')}"
    figures: Any = cache.get_or_set(key, lambda: _figures(until), KEPT_SECONDS)
    if not figures["series"]["account"]:
        return ""
    whole = figures["whole"]
    rows = list(zip(figures["days"], zip(*(whole[kind] for kind in report.DRAWN), strict=True), strict=True))
    return render_to_string("campaigns/daily_panel.html", _context(figures, rows), request)


def _context(figures: Mapping[str, Any], rows: list[Any]) -> Mapping[str, object]:
    by = {"channel": _("Channel"), "account": _("Vendor account"), "template": _("Message template")}
    totals = [f"{figures['words'][kind]} {display.count(sum(figures['whole'][kind]))}" for kind in report.DRAWN]
    return {
        "figures": figures,
        "rows": rows,
        "words": [figures["words"][kind] for kind in report.DRAWN],
        "choices": [(key, word, list(figures["series"][key])) for key, word in by.items()],
        "summary": "，".join(totals),
        "may_report": True,
    }


def _figures(until: date) -> Mapping[str, object]:
    found = report.daily(until - timedelta(days=DAYS - 1), until)
    whole = {
        kind: [sum(day) for day in zip(*(line[kind] for line in found["series"]["account"].values()), strict=True)]
        for kind in report.DRAWN
    }
    return {
        "days": found["days"],
        "labels": [display.day(date.fromisoformat(day)) for day in found["days"]],
        "series": {by: _largest(lines) for by, lines in found["series"].items()},
        "whole": whole,
        "words": {
            "delivered": _("Delivered"),
            "failed": _("Not delivered or refused"),
            "no_receipt": _("No receipt"),
            "open": _("No result yet"),
        },
    }


def _largest(lines: Mapping[str, Any]) -> Mapping[str, object]:
    ordered = sorted(lines.items(), key=lambda pair: -sum(map(sum, pair[1].values())))
    return dict(ordered[:MOST_NAMES])
