"""Who is sent to: a source of rows that SQL can read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kit import sql
from messaging import hooks
from messaging.eligibility import cap, scope
from messaging.models import SendingPolicy
from messaging.sending.spec import DispatchSpec
from templates_5g.blocks.variables import fill

_SQL = sql.beside(__file__)


class Recipients(Protocol):
    @property
    def most(self) -> int | None:
        """So many at most, where nearly all of them are to be sent to; None where that cannot be said, or they are few."""

    def query(self, spec: DispatchSpec) -> sql.Fragment:
        """Columns phone, variables, outcome, text, in the order of the numbers, each once. `outcome` is "" for who is to be
        sent to, else the first reason against it; `text` is the person's own where the requests are cut by it."""


@dataclass(frozen=True)
class Rows:
    """A list in memory: number -> variables. Who is on the do-not-send list, has given no consent to marketing (a test needs
    none) or has had as many messages as the caps allow gets nothing."""

    people: Mapping[str, Mapping[str, str]]
    most: int | None = None

    def query(self, spec: DispatchSpec) -> sql.Fragment:
        against, text = self._against(spec), spec.message.text_of_batch
        rows = [
            {
                "phone": phone,
                "variables": dict(variables),
                "outcome": against.get(phone, ""),
                "text": fill(text, variables) if text else "",
            }
            for phone, variables in self.people.items()
        ]
        return _SQL["rows"].given(rows=json.dumps(rows, ensure_ascii=False))

    def _against(self, spec: DispatchSpec) -> dict[str, str]:
        """Number -> the first reason that stops it, asked in the order of a campaign's check."""
        message = spec.message
        live = scope.in_force(message.account.pk, message.signature.pk if message.signature else None)
        stopped = live.filter(phone__in=list(self.people)).values_list("phone", flat=True)
        found = dict.fromkeys(stopped, "suppressed")
        if spec.origin.purpose == "marketing" and not spec.origin.is_test:
            for without_consent in hooks.without_consent:
                found |= dict.fromkeys(without_consent(self._rest(found)), "no_consent")
        capped = spec.capped(SendingPolicy.current())
        return found | dict.fromkeys(cap.over(self._rest(found), capped), "over_cap")

    def _rest(self, found: Mapping[str, str]) -> list[str]:
        return [phone for phone in self.people if phone not in found]
