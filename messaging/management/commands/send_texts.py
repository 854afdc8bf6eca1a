"""`manage.py send_texts "account" people.csv "Hello ${name}"`: a free text to a list, through the queue like everything."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kit import phones
from messaging.models import Signature, VendorAccount
from messaging.sending import texts
from messaging.sending.spec import Message
from messaging.states import OwnStatus


class Command(BaseCommand):
    help = (
        "Send a free text to the numbers in a CSV file (UTF-8, with a header; the first column holds the numbers, the others "
        "fill ${column}). For vendors that take a text without an audit. It is really sent and charged."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="the account's name")
        parser.add_argument("file", type=Path)
        parser.add_argument("text", help="the text, with ${column} where a value belongs")
        parser.add_argument(
            "--purpose",
            required=True,
            choices=("notice", "marketing"),
            help="marketing goes within its window, under its cap, and only to numbers with consent",
        )
        parser.add_argument("--signature", default="", help="the signature, without its brackets")
        parser.add_argument("--title", default="", help="how the dispatch is called; the file's name by default")
        parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="a send option")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        account = VendorAccount.objects.filter(name=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account “{options['account']}”.")
        rows = _rows(options["file"])
        if not options["yes"] and input(f"Send to {len(rows)} people through {account}? yes/no ") != "yes":
            raise CommandError("Nothing was sent.")
        try:
            message = Message(
                account=account,
                text=options["text"],
                signature=_signature(options["signature"]),
                options=_options(options["option"]),
            )
            title = options["title"] or options["file"].name
            dispatch = texts.send_texts(message, rows, title=title, purpose=options["purpose"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        left_out = dispatch.deliveries.filter(own_status=OwnStatus.SKIPPED)
        reasons = Counter(left_out.values_list("reason", flat=True))
        self.stdout.write(f"Dispatch {dispatch.pk}: {dispatch.total - reasons.total()} people are queued.")
        for reason, people in sorted(reasons.items()):
            self.stdout.write(f"Left out, {reason}: {people}")


def _rows(path: Path) -> list[texts.Row]:
    """Raises CommandError for a file that cannot be read or a number that is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = [row for row in csv.reader(stream) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    header, *lines = table or [[]]
    bad = [number for number, row in enumerate(lines, 2) if not phones.clean(row[0])]
    if bad:
        raise CommandError(f"No mobile number in line {', '.join(map(str, bad[:5]))}.")
    names = [name.strip() for name in header[1:]]
    return [(phones.clean(row[0]), dict(zip(names, (cell.strip() for cell in row[1:]), strict=False))) for row in lines]


def _signature(text: str) -> Signature | None:
    if not text:
        return None
    found = Signature.objects.filter(text=text).first()
    if found is None:
        raise CommandError(f"There is no signature “{text}”.")
    return found


def _options(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if any(not mark for _name, mark, _value in split):
        raise CommandError("An option is NAME=VALUE.")
    return {name: value for name, _mark, value in split}
