"""Prove that a campaign adds up: the seven equations with their numbers; exit status 1 if one fails, or while sending is
held after a restore: then the rows may add up and yet not tell what was sent."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Campaign
from campaigns.reports.verify import failed, verify
from kit.ids import row_id
from messaging import fence


class Command(BaseCommand):
    help = "Check that a campaign's rows, batches, attempts, receipts and pages add up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "campaign", nargs="?", help="number or name of a campaign; without it, all that were confirmed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bad = 0
        for campaign in _chosen(options["campaign"]):
            equations = verify(campaign)
            self.stdout.write(f"{campaign.pk} {campaign.name}: {campaign.get_state_display()}")
            for equation in equations:
                self.stdout.write(f"  {equation}")
            bad += len(list(failed(equations)))
        if bad:
            self.stderr.write(f"{bad} equations fail")
        held = list(fence.open_holds())
        for hold in held:
            self.stderr.write(f"Sending is held: {fence.sentence(hold.rule, hold.evidence)} See manage.py fence status")
        if bad or held:
            sys.exit(1)


def _chosen(which: str | None) -> list[Campaign]:
    rows = Campaign.objects.select_related("dispatch", "account")
    if which is None:
        return list(rows.filter(dispatch__isnull=False))
    found = list(rows.filter(pk=key) if (key := row_id(which)) else rows.filter(name=which))
    if not found:
        raise CommandError(f"There is no campaign {which}")
    return found
