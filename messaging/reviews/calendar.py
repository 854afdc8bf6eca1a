"""By when a version must be submitted, to be back from the audit before a planned send."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from messaging.gateway.registry import vendor_class
from messaging.models import SendingPolicy, VendorAccount
from messaging.models.policy import as_dates

_LONGEST = 400  # days looked back; longer pauses than a year are a slip of the pen
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*(?:-|–|—|~|～|至|到)\s*(\d{4}-\d\d-\d\d))?")
_ONE_DAY = timedelta(days=1)


def pauses(text: str) -> Iterator[tuple[date, date]]:
    """(first, last) of each line of `VendorAccount.review_pauses`. Raises ValueError with the line that is no span."""
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _SPAN.fullmatch(line)
        try:
            first = date.fromisoformat(found[1]) if found else None
            last = date.fromisoformat(found[2] or found[1]) if found else None
        except ValueError:
            first = last = None
        if first is None or last is None or last < first:
            raise ValueError(line)
        yield first, last


def usual_days(account: VendorAccount) -> int:
    """Working days that an audit takes there: as set for the account, else as usual at the vendor."""
    if account.review_days is not None:
        return account.review_days
    return vendor_class(account.vendor).capabilities.review_days


def must_be_reviewed(account: VendorAccount) -> bool:
    """Does a send through this account need an audit first?"""
    capabilities = vendor_class(account.vendor).capabilities
    return "main" in capabilities.review_parts and not capabilities.review_optional


@dataclass(frozen=True)
class Calendar:
    """Days on which nobody audits. `here_and_now` asks for the holidays once, for any number of accounts."""

    holidays: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def here_and_now(cls) -> "Calendar":
        return cls(as_dates(SendingPolicy.current().holidays))

    def submit_by(self, account: VendorAccount, planned: date) -> date | None:
        """The last working day on which a submission leaves the usual working days before the planned one. None where it
        cannot be told: the account's pauses cannot be read, or have no end."""
        try:
            spans = list(pauses(account.review_pauses))
        except ValueError:
            return None
        working = self._working_days_before(planned, spans)
        return next((day for n, day in enumerate(working) if n == usual_days(account)), None)

    def _working_days_before(self, planned: date, spans: Iterable[tuple[date, date]]) -> Iterator[date]:
        for back in range(1, _LONGEST):
            day = planned - back * _ONE_DAY
            paused = any(first <= day <= last for first, last in spans)
            if day.weekday() < 5 and day not in self.holidays and not paused:
                yield day
