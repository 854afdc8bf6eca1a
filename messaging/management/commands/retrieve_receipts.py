"""`manage.py retrieve_receipts "account" 2026-05-20T10:00 2026-05-20T12:00`: have a vendor give receipts again."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from messaging.accounts import health
from messaging.gateway.outcomes import Outcome, Unsupported
from messaging.models import VendorAccount


class Command(BaseCommand):
    help = "Have the receipts of messages that were handed over in this span given again. They come by poll or push."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="the account's name")
        parser.add_argument("start", type=_moment, help="2026-05-20T10:00, local time")
        parser.add_argument("end", type=_moment)

    def handle(self, *args: Any, **options: Any) -> None:
        account = VendorAccount.objects.filter(name=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account “{options['account']}”.")
        try:
            verdict = health.adapter_for(account).retrieve(options["start"], options["end"])
        except Unsupported as error:
            raise CommandError(str(error)) from error
        if verdict.outcome is not Outcome.ACCEPTED:
            raise CommandError(f"{verdict.reason}: {verdict.code} {verdict.message}".strip())
        self.stdout.write("The vendor will give these receipts again.")


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise ValueError(text)
    return found if timezone.is_aware(found) else timezone.make_aware(found)
