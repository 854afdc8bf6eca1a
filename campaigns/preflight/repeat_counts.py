"""Who of those to be sent to got, or is about to get, the same content by another campaign: one question for a whole audience."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.preflight.audience_query import AudienceQuery
from kit import sql
from messaging.sending.spec import DispatchSpec
from messaging.states import OWN_UNSENT, DispatchState

_SQL = sql.beside(__file__)
_OPEN = (DispatchState.READY, DispatchState.RUNNING, DispatchState.PAUSED, DispatchState.STOPPED)

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
    run_id: UUID
    sources: Sequence[Source] = ()


@dataclass(frozen=True)
class Repeated:
    """`people` each once; `by_source`: key -> people, who may be in several."""

    people: int
    by_source: dict[int, int]


def count(query: AudienceQuery, spec: DispatchSpec, content: Content) -> Repeated:
    """One pass over the people to be sent to, each looked up in a hash of every source. Inside a transaction on PostgreSQL."""
    sql.use_memory()
    names = _names(content)
    total, found = 0, dict.fromkeys((source.key for source in content.sources), 0)
    for people, hits in _SQL["count"].rows(_hits, marked=_marked(query, spec, content), names=sql.joined(", ", names)):
        total += people if any(hits) else 0
        for key in _hit(content, hits):
            found[key] += people
    return Repeated(total, {key: people for key, people in found.items() if people})


def people(query: AudienceQuery, spec: DispatchSpec, content: Content, most: int) -> list[tuple[str, list[int]]]:
    """The first `most` of them by number, each with the keys of the sources."""
    sql.use_memory()
    names = _names(content)
    rows = _SQL["people"].rows(
        _hits,
        marked=_marked(query, spec, content),
        names=sql.joined(", ", names),
        any_of_them=sql.joined(" OR ", names),
        most=most,
    )
    return [(phone, sorted(_hit(content, hits))) for phone, hits in rows]


def _hits(what: object, *hits: Any) -> tuple[Any, Sequence[Any]]:
    return what, hits


def _hit(content: Content, hits: Sequence[Any]) -> set[int]:
    """Keys of the sources that the person is in."""
    return {source.key for source, hit in zip(content.sources, hits, strict=True) if hit}


def _names(content: Content) -> list[sql.Fragment]:
    """A column for each source, of which there are as many as there happen to be."""
    return [sql.name(f"in_{number}") for number, _source in enumerate(content.sources)]


def _marked(query: AudienceQuery, spec: DispatchSpec, content: Content) -> sql.Fragment:
    columns = [
        sql.Fragment("phone IN (:source) AS :name", {"source": _source(source, content), "name": name})
        for source, name in zip(content.sources, _names(content), strict=True)
    ]
    return _SQL["marked"].given(members=query.members(spec), columns=sql.joined(", ", columns))


def _source(source: Source, content: Content) -> sql.Fragment:
    if source.audience:
        return _SQL["planned"].given(audience=source.audience, imports=tuple(source.imports))
    same = {"versions": tuple(content.versions), "run_id": content.run_id}
    if source.apart:
        dispatches = _SQL["of_no_campaign"].given(**same, text=content.text)
    else:
        dispatches = _SQL["of_runs"].given(**same, runs=tuple(source.runs))
    return _SQL["sent"].given(dispatches=dispatches, since=content.since, unsent=OWN_UNSENT, open=_OPEN)
