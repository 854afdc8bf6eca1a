"""A list of what the vendor has: numbers or references, one or more in a line, as vendors' exports have them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kit import phones
from messaging.fence import identity
from messaging.gateway.registry import vendor_class
from messaging.gateway.vendor import Vendor
from messaging.models import FenceHold, VendorAccount

_APART = re.compile(r"[\s,;|\t\"'，；]+")


@dataclass(frozen=True)
class Listing:
    """Numbers, and batches that references name. A number counts for every dispatch that is decided with it."""

    phones: frozenset[str]
    batches: frozenset[int]


def read(text: str, hold: FenceHold) -> Listing:
    """Lines of `text`; the first may be a header. Raises ValidationError that names lines without a number or a reference."""
    found_phones: set[str] = set()
    found_batches: set[int] = set()
    bad: list[int] = []
    vendors, mark = _vendors(hold), identity.row().mark
    for line, row in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        words = [word for word in _APART.split(row) if word]
        batches = {batch for word in words if (batch := _batch(word, vendors, mark)) is not None}
        numbers = {number for word in words if (number := phones.clean(word))}
        found_batches |= batches
        if not batches:  # a reference says more than the number beside it, which may be in several dispatches
            found_phones |= numbers
        if words and line > 1 and not batches and not numbers:
            bad.append(line)
    if bad:
        lines = "、".join(map(str, bad[:5]))
        raise ValidationError(
            _("No number and no reference of this installation in line %(lines)s.") % {"lines": lines}
        )
    if not found_phones and not found_batches:
        raise ValidationError(_("The list holds no number and no reference of this installation."))
    return Listing(frozenset(found_phones), frozenset(found_batches))


def decoded(data: bytes) -> str:
    """Text of a file, as spreadsheets and vendors write it. Raises ValidationError."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError(_("This is no text file. Save the list as CSV or TXT."))


def _vendors(hold: FenceHold) -> list[Vendor]:
    accounts: Iterable[VendorAccount] = VendorAccount.objects.all()
    if hold.account_id is not None:
        accounts = VendorAccount.objects.filter(pk=hold.account_id)
    return [vendor_class(account.vendor)(account.config) for account in accounts]


def _batch(word: str, vendors: Sequence[Vendor], mark: str) -> int | None:
    """The batch that a reference names, also where a running number of the person follows it."""
    for candidate in (word, word.rpartition("_")[0]):
        for vendor in vendors:
            if candidate and (found := vendor.own_reference(candidate, mark)):
                return found[0]
    return None
