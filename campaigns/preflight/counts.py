"""How many of an audience get a campaign, and who: by the same rules as the dispatch is made."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from campaigns.preflight.audience_query import AudienceQuery
from kit import sql
from messaging.sending.spec import DispatchSpec

_SQL = sql.beside(__file__)


class Counted(NamedTuple):
    """People of one outcome ("" = to be sent) and operator, and the billable units of their SMS."""

    outcome: str
    operator: str
    people: int
    units: int


def count(query: AudienceQuery, spec: DispatchSpec) -> list[Counted]:
    """All members, in one pass."""
    sql.use_memory()
    return _SQL["count"].rows(_counted, members=query.members(spec))


def _counted(outcome: str, operator: str, people: int, units: Any) -> Counted:
    return Counted(outcome, operator, people, int(units or 0))


def count_requests(query: AudienceQuery, spec: DispatchSpec) -> int:
    """How many requests the people to be sent to make where one request has one text."""
    sql.use_memory()
    return int(_SQL["count_requests"].value(members=query.members(spec), size=spec.message.batch_size) or 0)


def people(
    query: AudienceQuery, spec: DispatchSpec, outcome: str, most: int
) -> Sequence[tuple[str, Mapping[str, str]]]:
    """The first `most` members with this outcome, by number: (phone, variables)."""
    sql.use_memory()
    return _SQL["people"].rows(_person, members=query.members(spec), outcome=outcome, most=most)


def _person(phone: str, variables: str) -> tuple[str, dict[str, str]]:
    return phone, json.loads(variables)
