"""Who of an audience gets a campaign and who does not, as one SQL expression: the report counts it, the lay-out stores it.

Both ask the same rows through `members`, so the report and the deliveries cannot disagree about a rule.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection

from campaigns.preflight.audience_query import AudienceQuery
from kit import sql
from messaging.eligibility import scope
from messaging.models import Dispatch
from messaging.states import OWN_UNSENT, OwnStatus
from templates_5g.blocks.variables import PATTERN, VENDOR_VARIABLES
from templates_5g.limits import SMS_PART, SMS_SINGLE

_SQL = sql.beside(__file__)


@dataclass(frozen=True)
class Laid:
    """People in batches, people left out, and the number of the last batch of the canary, None without one."""

    sent: int
    left_out: int
    hold_after: int | None


class Counted(NamedTuple):
    """People of one outcome and operator, and the billable units of their SMS."""

    outcome: str
    operator: str
    people: int
    units: int


def members(query: AudienceQuery) -> sql.Fragment:
    """Columns phone, variables, operator, outcome ("" = to be sent), text, units: one row for each member."""
    first, second = (*query.caps, (None, None), (None, None))[:2]
    start, end = query.share or (0, 100)
    return _SQL["members"].given(
        audience=query.audience,
        imports=tuple(query.imports),
        run=query.run,
        in_force=scope.in_force_sql("s", query.account, query.signature),
        consented=query.consented,
        own_consent=query.own_consent,
        named_source=query.named_source,
        today=query.today,
        capped=bool(query.caps),
        out_for_caps=_SQL["out_since"].given(since=min((since for _cap, since in query.caps), default=None)),
        first_cap=first[0],
        first_since=first[1],
        second_cap=second[0],
        second_since=second[1],
        purpose=query.purpose,
        once_in_days=bool(query.template and query.lately_since),
        out_lately=_SQL["out_since"].given(since=query.lately_since),
        template=query.template,
        unsent=OWN_UNSENT,
        some_operators=bool(query.operators),
        operators=tuple(query.operators),
        variables_are_bad=_bad_variables(query),
        text=filled(query.text),
        units=_units(query),
        undivided=query.share is None,
        drawn=_drawn("m.phone", query.seed),
        part_from=start,
        part_until=end,
        only=query.only or sql.Fragment("TRUE"),
    )


def _drawn(column: str, seed: int) -> sql.Fragment:
    return _SQL["drawn"].given(phone=sql.Fragment(column), seed=seed)


def _bad_variables(query: AudienceQuery) -> sql.Fragment:
    """Whether one of the variables is empty or too long. A builder: how many there are is the version's affair."""
    parts = [
        _SQL["length_is_bad"].given(variable=_variable(name), longest=query.longest_variable)
        for name in query.variables
    ]
    return sql.joined(" OR ", parts) if parts else sql.Fragment("FALSE")


def _variable(name: str) -> sql.Fragment:
    return _SQL["variable"].given(name=name, path=f'$."{name}"', escaped_path=f'$."{json.dumps(name)[1:-1]}"')


def filled(text: str) -> sql.Fragment:
    """A text with its variables. What a vendor fills by itself stays as it is. A builder: see above."""
    parts = []
    for index, piece in enumerate(PATTERN.split(text)):
        if index % 2 == 1 and piece not in VENDOR_VARIABLES:
            parts.append(_variable(piece))
        elif piece:
            parts.append(sql.Fragment(":said", {"said": f"${{{piece}}}" if index % 2 == 1 else piece}))
    return sql.joined(" || ", parts) if parts else sql.Fragment("''")


def _units(query: AudienceQuery) -> sql.Fragment:
    if not query.sms:
        return sql.Fragment("0")
    text = _SQL["utf16_length"].given(text=filled(query.sms))
    length = sql.Fragment("(:text + :extra)", {"text": text, "extra": query.sms_extra})
    return _SQL["units"].given(length=length, single=SMS_SINGLE, part=SMS_PART)


def count(query: AudienceQuery) -> list[Counted]:
    """All members, in one pass."""
    use_memory()
    return _SQL["count"].rows(_counted, members=members(query))


def _counted(outcome: str, operator: str, people: int, units: Any) -> Counted:
    return Counted(outcome, operator, people, int(units or 0))


def count_requests(query: AudienceQuery, size: int) -> int:
    """How many requests the people to be sent to make where one request has one text."""
    use_memory()
    return int(_SQL["count_requests"].value(members=members(query), size=size) or 0)


def people(query: AudienceQuery, outcome: str, most: int) -> list[tuple[str, dict[str, str]]]:
    """The first `most` members with this outcome, by number: (phone, variables)."""
    use_memory()
    return _SQL["people"].rows(_person, members=members(query), outcome=outcome, most=most)


def _person(phone: str, variables: str) -> tuple[str, dict[str, str]]:
    return phone, json.loads(variables)


def use_memory() -> None:
    """From now on sorts and hashes stay in the server's memory, for this transaction alone."""
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        _SQL["use_memory"].run()


def lay_out(query: AudienceQuery, dispatch: Dispatch, size: int, first: int = 0) -> Laid:
    """Batches, numbered on from `first`, and deliveries of a dispatch. Inside a transaction.

    The outcome is decided once, so that a number suppressed at this moment cannot make a batch of another size than it says.
    """
    use_memory()
    if query.canary or query.text or query.only is not None:
        return _by_groups(query, dispatch, size, first)
    return _straight_on(query, dispatch, size, first)


def _straight_on(query: AudienceQuery, dispatch: Dispatch, size: int, first: int) -> Laid:
    most = int(_SQL["members_of_files"].value(audience=query.audience, imports=tuple(query.imports)))
    _SQL["open_batches"].run(
        dispatch=dispatch.pk, account=dispatch.account_id, first=first, last=first + -(-most // size), size=size
    )
    everybody = _store_deliveries(dispatch, _SQL["straight_on"].given(members=members(query), size=size, first=first))
    sent = everybody - _left_out(dispatch)
    last, rest = first + -(-sent // size), sent % size
    _SQL["drop_batches"].run(dispatch=dispatch.pk, last=last)
    if rest:
        _SQL["cut_batch"].run(dispatch=dispatch.pk, last=last, size=rest)
    return Laid(sent, everybody - sent, None)


def _by_groups(query: AudienceQuery, dispatch: Dispatch, size: int, first: int) -> Laid:
    # SQLite would sort everybody for a canary of nobody.
    lead = sql.Fragment("1")
    if query.canary:
        lead = _SQL["lead"].given(canary=query.canary, drawn=_drawn("phone", query.seed))
    groups = _SQL["by_groups"].given(members=members(query), lead=lead, size=size, first=first)
    _SQL["drop_table"].run()
    _SQL["make_table"].run(by_groups=groups)
    _SQL["store_batches"].run(dispatch=dispatch.pk, account=dispatch.account_id)
    everybody = _store_deliveries(dispatch, _SQL["read_table"].given())
    found = _SQL["in_batches"].rows(lambda sent, hold_after: Laid(sent, everybody - sent, hold_after))[0]
    _SQL["drop_table"].run()
    return found


def _store_deliveries(dispatch: Dispatch, planned: sql.Fragment) -> int:
    of_dispatch = {"dispatch": dispatch.pk, "run": dispatch.run, "leg": dispatch.leg}
    return _SQL["store_deliveries"].run(**of_dispatch, planned=planned, skipped=OwnStatus.SKIPPED)


def _left_out(dispatch: Dispatch) -> int:
    """Raises RuntimeError if somebody to be sent to has found no batch: nobody would ever claim them."""
    without_batch, left_out = _SQL["left_out"].rows(lambda *counts: counts, dispatch=dispatch.pk)[0]
    if without_batch != left_out:
        raise RuntimeError(f"{without_batch - left_out} people of round {dispatch.pk} have no batch")
    return int(left_out)
