"""The report of a check: what is kept of it, and what follows from its numbers."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core import serializers

from campaigns.models import Again, Campaign, CostEstimate, CostLine, Obstacle, PreflightReport, VariantCount

pytestmark = pytest.mark.django_db

FULL = PreflightReport(
    imports=[3, 5],
    rows=9,
    excluded={"invalid": 2, "duplicate": 1, "suppressed": 1},
    to_send=5,
    variants=[VariantCount(7, 3), VariantCount(8, 2)],
    canary=1,
    operators={"cmcc": 4, "other": 1},
    requests=2,
    units=6,
    cost=CostEstimate([CostLine("rcs", 5, Decimal("0.0800"), Decimal("0.40")), CostLine("sms", 6, None, None)]),
    again=Again(2, 7, {-1: 1, 12: 1}),
    per_second=Decimal("2.5"),
    holidays=["2027-01-01"],
    start_at=datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
    late=1,
    obstacles=[Obstacle("account", params={"status": "off"}), Obstacle("again", False, {"n": "2", "days": 7})],
)


def test_what_is_kept_gives_the_same_again() -> None:
    assert PreflightReport.load(json.loads(json.dumps(FULL.dump()))) == FULL
    never = PreflightReport().dump()
    assert PreflightReport.load(json.loads(json.dumps(never))).dump() == never


def test_nothing_kept_is_the_report_of_no_check() -> None:
    assert PreflightReport.load({}) == PreflightReport()


def test_sums_follow_from_the_numbers() -> None:
    assert (FULL.left_out, FULL.in_file_only, FULL.difference, FULL.blocked) == (4, 3, 0, True)
    assert not PreflightReport(obstacles=[Obstacle("again", False)]).blocked


def test_a_campaign_is_written_out_and_read_in(make) -> None:
    """As `dumpdata` and `loaddata` do it."""
    campaign = make.campaign()
    Campaign.objects.filter(pk=campaign.pk).update(report=FULL)
    text = serializers.serialize("json", Campaign.objects.filter(pk=campaign.pk))
    (read,) = serializers.deserialize("json", text)
    assert read.object.report == FULL == Campaign.objects.get(pk=campaign.pk).report
