"""The do-not-send list as a file, out and in. Taking the same file in again changes nothing."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.kit import audit, masking, phones
from config.kit.words import gettext_noop
from messaging.bulk import skipping
from messaging.models import Batch, Signature, Suppression, VendorAccount

MOST_ROWS = 200_000
MOST_BYTES = 20 * 1024 * 1024
CHUNK = 500
_PHONE_NAMES = frozenset({"手机号", "手机号码", "号码", "手机", "PHONE", "NUMBER", "MOBILE"})
_NOTE_NAMES = frozenset({"原因", "备注", "REASON", "NOTE"})
_LIFTED_NAMES = frozenset({"恢复时间", "LIFTED AT"})


class Taken(NamedTuple):
    """`rows` = `added` + `known` + `lifted` + `invalid`; `stopped` people were taken out of queued batches; `bad_lines` are the
    first lines without a mobile number."""

    rows: int
    added: int
    known: int
    lifted: int
    invalid: int
    stopped: int
    bad_lines: list[int]


class Row(NamedTuple):
    line: int
    phone: str
    note: str
    lifted: bool


def read(body: bytes) -> list[Row]:
    """A CSV file whose first line names the columns; one of them the number. An invalid number is "". Raises ValidationError."""
    if len(body) > MOST_BYTES:
        raise ValidationError(_("The file is larger than %(most)s MB.") % {"most": MOST_BYTES // 1024 // 1024})
    reader = csv.reader(io.StringIO(_decoded(body)))
    header = [_plain(name) for name in next(reader, [])]
    phone, note, lifted = (_place(header, names) for names in (_PHONE_NAMES, _NOTE_NAMES, _LIFTED_NAMES))
    if phone is None:
        raise ValidationError(_("No column with the number was found: name it 手机号 or phone."))
    rows = [
        Row(line, phones.clean(_cell(cells, phone)), _cell(cells, note)[:200], bool(_cell(cells, lifted)))
        for line, cells in enumerate(reader, start=2)
        if any(cell.strip() for cell in cells)
    ]
    if len(rows) > MOST_ROWS:
        raise ValidationError(_("The file has more than %(most)s rows.") % {"most": f"{MOST_ROWS:,}"})
    return rows


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError(_("The encoding is neither UTF-8 nor GBK."))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().upper()


def _place(header: list[str], names: frozenset[str]) -> int | None:
    return next((place for place, name in enumerate(header) if name in names), None)


def _cell(cells: list[str], place: int | None) -> str:
    """Without the apostrophe that our own export puts before what a spreadsheet would run."""
    text = cells[place].strip() if place is not None and place < len(cells) else ""
    return text[1:] if text.startswith("'") else text


def take_in(
    rows: list[Row],
    *,
    scope: str = "all",
    account: VendorAccount | None = None,
    signature: Signature | None = None,
    actor: Any = None,
) -> Taken:
    """Enter the numbers that have no live entry of this scope, and skip at once what is queued for them. Rows that the file
    calls lifted are left out."""
    wanted = {row.phone: row.note for row in reversed(rows) if row.phone and not row.lifted}
    added = stopped = 0
    scoped = {"scope": scope, "account": account, "signature": signature}
    for part in _chunks(sorted(wanted)):
        with transaction.atomic():
            new = _enter(part, wanted, scoped, actor)
            added += len(new)
            stopped += _stop(new, scope, account, signature)
    taken = _summed(rows, added, stopped)
    audit.record(
        gettext_noop("Imported a do-not-send list"),
        actor=actor,
        detail={"rows": taken.rows, "added": taken.added, "invalid": taken.invalid, "scope": scope, "stopped": stopped},
    )
    return taken


def _summed(rows: list[Row], added: int, stopped: int) -> Taken:
    bad = [row.line for row in rows if not row.phone]
    lifted = sum(row.lifted for row in rows if row.phone)
    known = len(rows) - len(bad) - lifted - added
    return Taken(len(rows), added, known, lifted, len(bad), stopped, bad[:20])


def _chunks(numbers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(numbers), CHUNK):
        yield numbers[start : start + CHUNK]


def _enter(numbers: list[str], notes: dict[str, str], scoped: dict[str, Any], actor: Any) -> list[str]:
    live = Suppression.objects.filter(phone__in=numbers, lifted_at__isnull=True, **_exactly(scoped))
    known = set(live.values_list("phone", flat=True))
    new = [phone for phone in numbers if phone not in known]
    Suppression.objects.bulk_create(
        (
            Suppression(phone=phone, source=Suppression.Source.IMPORT, note=notes[phone], created_by=actor, **scoped)
            for phone in new
        ),
        ignore_conflicts=True,
    )
    return new


def _exactly(scoped: dict[str, Any]) -> dict[str, Any]:
    return {
        key if value is not None else f"{key}__isnull": value if value is not None else True
        for key, value in scoped.items()
    }


def _stop(numbers: list[str], scope: str, account: VendorAccount | None, signature: Signature | None) -> int:
    """Lock the batches first, as a single entry does."""
    if not numbers:
        return 0
    batches = skipping.queued_batches_of(numbers)
    if scope == "account":
        batches = batches.filter(account=account)
    if scope == "signature":
        batches = batches.filter(dispatch__signature=signature)
    keys = list(batches.values_list("pk", flat=True))
    locked = Batch.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    open_ones = [batch.pk for batch in locked if batch.state in ("queued", "claimed")]
    return sum(skipping.skip_phones(numbers, open_ones, "opted_out").values())


def export_header() -> list[str]:
    return [
        _("Number"), _("Scope"), _("Source"), _("Reason"), _("Since"), _("Lifted at"), _("Reason for lifting")
    ]  # fmt: skip


def export_rows(*, full_numbers: bool) -> Iterator[list[Any]]:
    """Every entry, lifted ones too, the oldest first, streaming."""
    rows: Iterable[Suppression] = (
        Suppression.objects.select_related("signature", "account").order_by("id").iterator(chunk_size=2000)
    )
    for row in rows:
        yield [
            row.phone if full_numbers else masking.phone(row.phone),
            str(row.signature or row.account or row.get_scope_display()),
            row.get_source_display(),
            row.note,
            timezone.localtime(row.since).strftime("%Y-%m-%d %H:%M:%S"),
            timezone.localtime(row.lifted_at).strftime("%Y-%m-%d %H:%M:%S") if row.lifted_at else "",
            row.lift_reason,
        ]
