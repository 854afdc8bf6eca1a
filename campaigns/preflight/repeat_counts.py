"""Who of those to be sent to got, or is about to get, the same content by another campaign: one question for a whole audience."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import AudienceMember, Campaign
from campaigns.preflight import plan
from messaging.models import Batch, Delivery, Dispatch
from messaging.states import OWN_UNSENT, DispatchState

_MEMBER, _CAMPAIGN = AudienceMember._meta.db_table, Campaign._meta.db_table
_DELIVERY, _BATCH, _DISPATCH = Delivery._meta.db_table, Batch._meta.db_table, Dispatch._meta.db_table
_OPEN = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)
_STATES = ", ".join(f"'{state.value}'" for state in _OPEN)
_UNSENT = ", ".join(str(int(own)) for own in OWN_UNSENT)

# Sends that belong to no campaign (the API, answers) count together under this number, and campaigns beyond the first under that.
NO_CAMPAIGN = 0
MORE_CAMPAIGNS = -1


@dataclass(frozen=True)
class Source:
    """Other sends of the same content that are counted under one number: a campaign's (`runs`), those of no campaign (`apart`), or,
    of a campaign that has no rows yet, the people of these files of its audience."""

    key: int
    runs: Sequence[Any] = ()
    apart: bool = False
    audience: int = 0
    imports: Sequence[int] = ()


@dataclass(frozen=True)
class Content:
    """What counts as the same: these versions, and this free text ("" for none), handed over since then or still waiting, in other
    runs than this one."""

    versions: Sequence[int]
    text: str
    since: datetime
    run: Any
    sources: Sequence[Source] = ()


@dataclass(frozen=True)
class Repeated:
    """`people` each once; `by_source`: key -> people, who may be in several."""

    people: int
    by_source: dict[int, int]


def count(rules: plan.Rules, content: Content) -> Repeated:
    """One pass over the people to be sent to, each looked up in a hash of every source. Inside a transaction on PostgreSQL."""
    marked, params = _marked(rules, content)
    names = ", ".join(f"s{number}" for number in range(len(content.sources)))
    with plan.roomy() as cursor:
        cursor.execute(f"SELECT COUNT(*), {names} FROM ({marked}) AS marked GROUP BY {names}", params)  # noqa: S608
        rows = cursor.fetchall()
    total, found = 0, dict.fromkeys((source.key for source in content.sources), 0)
    for people, *marks in rows:
        total += people if any(marks) else 0
        for key in _hit(content, marks):
            found[key] += people
    return Repeated(total, {key: people for key, people in found.items() if people})


def people(rules: plan.Rules, content: Content, most: int) -> list[tuple[str, list[int]]]:
    """The first `most` of them by number, each with the keys of the sources."""
    marked, params = _marked(rules, content)
    names = [f"s{number}" for number in range(len(content.sources))]
    sql = f"""SELECT phone, {", ".join(names)} FROM ({marked}) AS marked WHERE {" OR ".join(names)} ORDER BY phone LIMIT %s"""  # noqa: S608
    with plan.roomy() as cursor:
        cursor.execute(sql, [*params, most])
        return [(phone, sorted(_hit(content, marks))) for phone, *marks in cursor.fetchall()]


def _hit(content: Content, marks: Sequence[Any]) -> set[int]:
    """Keys of the sources that the person is in."""
    return {source.key for source, hit in zip(content.sources, marks, strict=True) if hit}


def _marked(rules: plan.Rules, content: Content) -> plan.Sql:
    """Columns phone, s0, s1 …: whether the person is in each source. IN, not a join: nothing is sorted, and nobody counts twice who
    is in two rounds of one source."""
    columns, params = [], []
    for number, source in enumerate(content.sources):
        sql, values = _planned(source) if source.audience else _sent(source, content)
        columns.append(f"phone IN ({sql}) AS s{number}")
        params += values
    chosen, chosen_params = plan.members(rules)
    sql = f"SELECT phone, {', '.join(columns)} FROM ({chosen}) AS planned WHERE outcome = ''"  # noqa: S608
    return sql, [*params, *chosen_params]


def _planned(source: Source) -> plan.Sql:
    marks = ", ".join(["%s"] * len(source.imports)) or "NULL"
    sql = f"SELECT o.phone FROM {_MEMBER} o WHERE o.audience_id = %s AND o.source_id IN ({marks})"  # noqa: S608
    return sql, [source.audience, *source.imports]


def _sent(source: Source, content: Content) -> plan.Sql:
    """Numbers that may have got it since then, or wait for it."""
    parts, params = [], []
    which, which_params = _which(source)
    for condition, values in _same(source, content):
        # CROSS JOIN: in SQLite it keeps the order of the tables; else it would read the deliveries of all times first.
        parts.append(
            f"""SELECT d.phone FROM {_DISPATCH} x CROSS JOIN {_BATCH} b CROSS JOIN {_DELIVERY} d
                WHERE {condition} AND {which} AND x.run <> %s AND x.kind <> 'test'
                  AND b.dispatch_id = x.id AND d.batch_id = b.id AND COALESCE(d.own_status, 0) NOT IN ({_UNSENT})
                  AND (b.submitted_at >= %s
                       OR (b.state IN ('sending', 'unknown') AND b.submitted_at IS NULL AND b.claimed_at >= %s)
                       OR (b.state IN ('queued', 'claimed') AND x.state IN ({_STATES})))"""  # noqa: S608
        )
        params += [*values, *which_params, plan.run_value(content.run), *[plan.time_value(content.since)] * 2]
    return " UNION ALL ".join(parts), params


def _which(source: Source) -> plan.Sql:
    if source.apart:
        return f"NOT EXISTS (SELECT 1 FROM {_CAMPAIGN} y WHERE y.run = x.run)", []  # noqa: S608
    return f"x.run IN ({', '.join(['%s'] * len(source.runs))})", [plan.run_value(run) for run in source.runs]


def _same(source: Source, content: Content) -> list[plan.Sql]:
    """Conditions on x: the dispatches of the same content."""
    marks = ", ".join(["%s"] * len(content.versions)) or "NULL"
    found: list[plan.Sql] = [(f"x.version_id IN ({marks})", list(content.versions))]
    if content.text and source.apart:
        found.append(("x.kind = 'answer' AND x.version_id IS NULL AND x.text = %s", [content.text]))
    return found
