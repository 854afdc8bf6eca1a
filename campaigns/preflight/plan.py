"""Who of an audience gets a campaign and who does not, as one SQL expression: the sheet counts it, the lay-out stores it.

Both ask the same rows through `members`, so the sheet and the deliveries cannot disagree about a rule.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from campaigns.models import AudienceMember
from messaging.eligibility import scope
from messaging.models import Batch, Delivery, Dispatch, Suppression
from messaging.states import OWN_UNSENT, OwnStatus
from templates_5g.blocks.variables import PATTERN, VENDOR_VARIABLES
from templates_5g.limits import SMS_PART, SMS_SINGLE
from templates_5g.models import TemplateVersion

_MEMBER = AudienceMember._meta.db_table
_SUPPRESSION = Suppression._meta.db_table
_DELIVERY, _BATCH, _DISPATCH = Delivery._meta.db_table, Batch._meta.db_table, Dispatch._meta.db_table
_VERSION = TemplateVersion._meta.db_table

# Who was left out or refused inside a batch that went out did not get it.
_WAS_SENT = f"COALESCE(d.own_status, 0) NOT IN ({', '.join(str(int(own)) for own in OWN_UNSENT)})"

Sql = tuple[str, list[Any]]


@dataclass(frozen=True)
class Rules:
    """All that decides about a member. `imports` are the confirmed files; `consented` says whether consent is proven or
    not needed; an empty `operators` means any. `cap` and `lately` count what was, or may have been, handed over
    since then, in other runs."""

    audience: int
    imports: Sequence[int]
    run: Any
    account: int
    signature: int
    consented: bool = True
    # A consent of a later day than `today` is none. Some file has each number's own consent; `named_source`: the audience says
    # where consents of no named source come from.
    today: date = date.max
    own_consent: bool = False
    named_source: bool = False
    # (messages, since when): the campaign's own cap and the policy's, both of messages of this purpose.
    purpose: str = "marketing"
    caps: Sequence[tuple[int, datetime]] = ()
    template: int | None = None
    lately_since: datetime | None = None
    operators: Sequence[str] = ()
    variables: Sequence[str] = ()
    longest_variable: int = 200
    # The text that each person's own is filled from: "" where one request may hold different people's.
    text: str = ""
    # The SMS whose billable units are summed, with what is put in front of it.
    sms: str = ""
    sms_extra: int = 0
    # Only who falls into [from, to) of a hundred parts, cut by a hash of the number and `seed`; and only whom `only` allows:
    # a condition on m, with its parameters.
    arm: tuple[int, int] | None = None
    seed: int = 0
    only: Sql | None = None
    # So many of those to be sent to, drawn by the same hash, get the first batches to themselves.
    canary: int = 0


@dataclass(frozen=True)
class Laid:
    """People in batches, people left out, and the number of the last batch of the canary, None without one."""

    sent: int
    left_out: int
    hold_after: int | None


def members(rules: Rules) -> Sql:
    """Columns phone, variables, operator, outcome ("" = to be sent), text, units: one row for each member."""
    whens, params = [], []
    for reason, (condition, values) in _conditions(rules).items():
        whens.append(f"WHEN {condition} THEN '{reason}'")
        params += values
    outcome = f"CASE {' '.join(whens)} ELSE '' END" if whens else "''"
    text, text_params = filled(rules.text)
    units, unit_params = _units(rules)
    marks = ", ".join(["%s"] * len(rules.imports)) or "NULL"
    sql = f"""SELECT m.phone, m.variables, m.operator, {outcome} AS outcome, {text} AS text, {units} AS units
              FROM {_MEMBER} m WHERE m.audience_id = %s AND m.source_id IN ({marks})"""  # noqa: S608
    which, which_params = _which(rules)
    return sql + which, [*params, *text_params, *unit_params, rules.audience, *rules.imports, *which_params]


def _which(rules: Rules) -> Sql:
    """The members that these rules are about at all, beyond audience and files."""
    sql, params = "", []
    if rules.arm is not None:
        sql += f" AND {_hash('m.phone')} %% 100 >= %s AND {_hash('m.phone')} %% 100 < %s"
        params += [rules.seed, rules.arm[0], rules.seed, rules.arm[1]]
    if rules.only is not None:
        sql += f" AND {rules.only[0]}"
        params += rules.only[1]
    return sql, params


def _hash(phone: str) -> str:
    """0 to 9972, the same on every database, far apart for numbers that are neighbours. Takes the seed as a parameter."""
    return f"((((CAST({phone} AS BIGINT) * 7919 + %s) %% 1000003) * 6271) %% 9973)"


def _conditions(rules: Rules) -> dict[str, Sql]:
    """reason -> SQL, in the order in which they are asked: a row counts once, under the first that stops it."""
    found: dict[str, Sql] = {"suppressed": _suppressed(rules)}
    if rules.own_consent or not rules.consented:
        found["no_consent"] = _no_consent(rules)
    if rules.caps:
        found["over_cap"] = _over_cap(rules)
    if rules.lately_since and rules.template:
        found["sent_lately"] = _sent_lately(rules)
    if rules.operators:
        marks = ", ".join(["%s"] * len(rules.operators))
        found["operator"] = (f"m.operator NOT IN ({marks})", list(rules.operators))
    if rules.variables:
        found["bad_variables"] = _bad_variables(rules)
    return found


def _no_consent(rules: Rules) -> Sql:
    """A number's own consent where its file has such, else the audience's."""
    house = "FALSE" if rules.consented else "TRUE"
    if not rules.own_consent:
        return house, []
    sourceless = "FALSE" if rules.named_source else "m.consent_source = ''"
    undated = "m.consent_on IS NULL OR m.consent_on > %s"
    day = AudienceMember._meta.get_field("consent_on").get_db_prep_value(rules.today, connection)
    return f"CASE WHEN m.consent_source IS NULL THEN {house} ELSE {undated} OR {sourceless} END", [day]


def _suppressed(rules: Rules) -> Sql:
    """The same scopes as the recheck at every claim."""
    sql = f"EXISTS (SELECT 1 FROM {_SUPPRESSION} s WHERE s.phone = m.phone AND {scope.in_force_sql('s')})"  # noqa: S608
    return sql, [rules.account, rules.signature]


def _over_cap(rules: Rules) -> Sql:
    parts, params = [], []
    for count, start in rules.caps:
        out, since = _out_since(start)
        # CROSS JOIN: SQLite would else read the deliveries of all times in the order of the numbers, to spare the grouping a sort.
        parts.append(f"""m.phone IN (SELECT d.phone FROM {out} b JOIN {_DISPATCH} x ON x.id = b.dispatch_id
                CROSS JOIN {_DELIVERY} d
                WHERE d.batch_id = b.id AND x.purpose = %s AND x.counts_for_cap AND x.run <> %s AND {_WAS_SENT}
                GROUP BY d.phone HAVING COUNT(*) >= %s)""")  # noqa: S608
        params += [*since, rules.purpose, run_value(rules.run), count]
    return f"({' OR '.join(parts)})", params


def _sent_lately(rules: Rules) -> Sql:
    out, since = _out_since(rules.lately_since)
    sql = f"""m.phone IN (SELECT d.phone FROM {_VERSION} v JOIN {_DISPATCH} x ON x.version_id = v.id
                JOIN {out} b ON b.dispatch_id = x.id JOIN {_DELIVERY} d ON d.batch_id = b.id
                WHERE v.template_id = %s AND x.run <> %s AND {_WAS_SENT})"""  # noqa: S608
    return sql, [*since, rules.template, run_value(rules.run)]


def _out_since(since: datetime | None) -> Sql:
    """Batches, id and dispatch_id, that were or may have been handed over since then: who may have got it counts as one who did."""
    # Each half has an index of its own. SQLite uses batch_by_account only where its condition is repeated word for word, so
    # the states are those of the index, and what is only claimed is taken out again: nothing of it has been on the wire.
    sql = f"""(SELECT id, dispatch_id FROM {_BATCH} WHERE submitted_at >= %s
                UNION ALL SELECT id, dispatch_id FROM {_BATCH} WHERE state IN ('claimed', 'sending', 'unknown')
                  AND state <> 'claimed' AND submitted_at IS NULL AND claimed_at >= %s)"""  # noqa: S608
    return sql, [time_value(since)] * 2


def _bad_variables(rules: Rules) -> Sql:
    """Shorter than 1 or longer than allowed, as a distance from the middle: BETWEEN would take the value out of its JSON twice."""
    parts, params = [], []
    for name in rules.variables:
        value, values = _variable(name)
        parts.append(f"ABS(2 * length({value}) - %s) > %s")
        params += [*values, rules.longest_variable + 1, rules.longest_variable - 1]
    return f"({' OR '.join(parts)})", params


def _variable(name: str) -> Sql:
    if connection.vendor == "postgresql":
        return "COALESCE(m.variables ->> %s, '')", [name]
    # SQLite compares a key with the stored text, in which Django escapes what is not ASCII and the importer does not.
    escaped = json.dumps(name)[1:-1]
    return "COALESCE(json_extract(m.variables, %s), json_extract(m.variables, %s), '')", [
        f'$."{name}"',
        f'$."{escaped}"',
    ]


def filled(text: str) -> Sql:
    """A text with its variables, as SQL. What a vendor fills by itself stays as it is."""
    parts: list[str] = []
    params: list[Any] = []
    for index, piece in enumerate(PATTERN.split(text)):
        is_name = index % 2 == 1 and piece not in VENDOR_VARIABLES
        if is_name:
            sql, values = _variable(piece)
            parts.append(sql)
            params += values
        elif piece:
            parts.append("%s")
            params.append(f"${{{piece}}}" if index % 2 == 1 else piece)
    return (" || ".join(parts), params) if parts else ("''", [])


def _units(rules: Rules) -> Sql:
    """Billable units of the SMS, as `templates_5g.fallback.segments` counts them."""
    if not rules.sms:
        return "0", []
    text, params = filled(rules.sms)
    length = f"({_utf16_length(text)} + %s)"
    both = [*params, rules.sms_extra]
    many = f"({length} + {SMS_PART - 1}) / {SMS_PART}"
    return f"CASE WHEN {length} <= {SMS_SINGLE} THEN 1 ELSE {many} END", [*both, *both]


def _utf16_length(text: str) -> str:
    """UTF-16 units of an SQL text: a character outside the basic plane, such as most emoji, is two. Where a text has none,
    PostgreSQL looks through it once."""
    if connection.vendor == "postgresql":
        return f"length(regexp_replace({text}, '[\U00010000-\U0010ffff]', '  ', 'g'))"
    return f"utf16_length({text})"


def run_value(value: Any) -> Any:
    return Dispatch._meta.get_field("run").get_db_prep_value(value, connection)


def time_value(value: Any) -> Any:
    return Dispatch._meta.get_field("started_at").get_db_prep_value(value, connection)


def count(rules: Rules) -> list[tuple[str, str, int, int]]:
    """[(outcome, operator, people, units)] in one pass."""
    sql, params = members(rules)
    with roomy() as cursor:
        cursor.execute(
            f"SELECT outcome, operator, COUNT(*), SUM(units) FROM ({sql}) AS planned GROUP BY outcome, operator",  # noqa: S608
            params,
        )
        return [(outcome, operator, people, int(units or 0)) for outcome, operator, people, units in cursor.fetchall()]


def count_requests(rules: Rules, size: int) -> int:
    """How many requests the people to be sent to make where one request has one text."""
    sql, params = members(rules)
    with roomy() as cursor:
        cursor.execute(
            f"""SELECT SUM((people + %s) / %s) FROM (
                  SELECT COUNT(*) AS people FROM ({sql}) AS planned WHERE outcome = '' GROUP BY text) AS texts""",  # noqa: S608
            [size - 1, size, *params],
        )
        return int(cursor.fetchone()[0] or 0)


def people(rules: Rules, outcome: str, most: int) -> list[tuple[str, dict[str, str]]]:
    """The first `most` members with this outcome, by number: (phone, variables)."""
    sql, params = members(rules)
    with roomy() as cursor:
        cursor.execute(
            f"SELECT phone, variables FROM ({sql}) AS planned WHERE outcome = %s ORDER BY phone LIMIT %s",  # noqa: S608
            [*params, outcome, most],
        )
        return [(phone, json.loads(values) if isinstance(values, str) else values) for phone, values in cursor]


def roomy() -> Any:
    """A cursor whose sorts and hashes stay in the server's memory, for this transaction alone."""
    cursor = connection.cursor()
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        cursor.execute("SET LOCAL work_mem = '384MB'")
    return cursor


def lay_out(rules: Rules, dispatch: Dispatch, size: int, first: int = 0) -> Laid:
    """Batches, numbered on from `first`, and deliveries of a dispatch. Inside a transaction.

    The outcome is decided once, so that a number suppressed at this moment cannot make a batch of another size than it says.
    """
    with roomy() as cursor:
        if rules.canary or rules.text or rules.only is not None:
            return _by_groups(cursor, rules, dispatch, size, first)
        return _straight_on(cursor, rules, dispatch, size, first)


def _straight_on(cursor: Any, rules: Rules, dispatch: Dispatch, size: int, first: int) -> Laid:
    """In the order of the numbers, which the members' index has already: nothing is sorted, nothing is stored twice. The batches
    are made before anybody knows how many there will be, and cut to fit afterwards."""
    _open_batches(cursor, rules, dispatch, size, first)
    sql, params = _counted_on(rules, size, first)
    everybody = _insert_deliveries(cursor, dispatch, f"({sql})", params)
    sent = everybody - _left_out(cursor, dispatch)
    last, rest = first + -(-sent // size), sent % size
    cursor.execute(f"DELETE FROM {_BATCH} WHERE dispatch_id = %s AND number > %s", [dispatch.pk, last])  # noqa: S608
    if rest:
        cursor.execute(
            f"UPDATE {_BATCH} SET size = %s WHERE dispatch_id = %s AND number = %s",  # noqa: S608
            [rest, dispatch.pk, last],
        )
    return Laid(sent, everybody - sent, None)


def _by_groups(cursor: Any, rules: Rules, dispatch: Dispatch, size: int, first: int) -> Laid:
    """The canary apart, a request for each text, or the few of an audience that a condition chooses, for whom batches for all
    would be made in vain: decided into a temporary table, from which the batches are counted."""
    sql, params = _numbered(rules, size, first)
    cursor.execute("DROP TABLE IF EXISTS planned")
    cursor.execute(f"CREATE TEMPORARY TABLE planned AS {sql}", params)
    _insert_batches(cursor, dispatch)
    everybody = _insert_deliveries(cursor, dispatch, "planned", [])
    cursor.execute("SELECT COUNT(number), MAX(CASE WHEN lead = 0 THEN number END) FROM planned")
    sent, hold_after = cursor.fetchone()
    cursor.execute("DROP TABLE planned")
    return Laid(sent, everybody - sent, hold_after)


def _counted_on(rules: Rules, size: int, first: int) -> Sql:
    """phone, variables, outcome and the batch number, NULL for those left out, in the order of the numbers. Sorted inside, so
    that PostgreSQL decides about each member once: else it would repeat the rules wherever `outcome` stands."""
    decided, params = members(rules)
    so_far = "COUNT(*) FILTER (WHERE outcome = '') OVER (ORDER BY phone ROWS UNBOUNDED PRECEDING)"
    sql = f"""SELECT phone, variables, outcome, CASE WHEN outcome = '' THEN ({so_far} - 1) / %s + 1 + %s END AS number
              FROM ({decided} ORDER BY m.phone) AS decided ORDER BY phone"""  # noqa: S608
    return sql, [size, first, *params]


def _numbered(rules: Rules, size: int, first: int) -> Sql:
    """Adds `lead` (0 = in the canary) and the batch number, NULL for those left out: the canary before the others, then by
    text where a request has one text, then by phone."""
    by_text, canary = bool(rules.text), rules.canary > 0
    decided, params = members(rules)
    if canary:
        rank = f"ROW_NUMBER() OVER (PARTITION BY outcome ORDER BY {_hash('phone')}, phone)"
        decided = f"SELECT d.*, CASE WHEN outcome = '' AND {rank} <= %s THEN 0 ELSE 1 END AS lead FROM ({decided}) AS d"  # noqa: S608
        params = [rules.seed, rules.canary, *params]
    lead = "lead" if canary else "1 AS lead"
    parts = [*(["lead"] if canary else []), *(["text"] if by_text else [])]
    group = ", ".join(["outcome", *parts])
    cut = f"""SELECT phone, variables, outcome, text, {lead},
                (ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY phone) - 1) / %s + 1 AS piece FROM ({decided}) AS decided"""  # noqa: S608
    if parts:
        number = f"DENSE_RANK() OVER (PARTITION BY outcome ORDER BY {', '.join(parts)}, piece)"
    else:
        number = "piece"
    # In the order in which the window has sorted them already.
    sql = f"""SELECT phone, variables, outcome, text, lead, CASE WHEN outcome = '' THEN {number} + %s END AS number
              FROM ({cut}) AS cut ORDER BY {group}, phone"""  # noqa: S608
    return sql, [first, size, *params]


def _open_batches(cursor: Any, rules: Rules, dispatch: Dispatch, size: int, first: int) -> None:
    """Full ones, as many as there would be if nobody was left out."""
    marks = ", ".join(["%s"] * len(rules.imports)) or "NULL"
    cursor.execute(
        f"SELECT COUNT(*) FROM {_MEMBER} WHERE audience_id = %s AND source_id IN ({marks})",  # noqa: S608
        [rules.audience, *rules.imports],
    )
    most = -(-cursor.fetchone()[0] // size)
    names, values, params = _columns(Batch, _batch(dispatch, ("number", []), ("%s", [size]), ("''", [])))
    cursor.execute(
        f"""WITH RECURSIVE numbers(number) AS (
              SELECT %s UNION ALL SELECT number + 1 FROM numbers WHERE number < %s)
            INSERT INTO {_BATCH} ({names}) SELECT {values} FROM numbers WHERE number <= %s ORDER BY number""",  # noqa: S608
        [first + 1, first + most, *params, first + most],
    )


def _insert_batches(cursor: Any, dispatch: Dispatch) -> None:
    given = _batch(dispatch, ("number", []), ("COUNT(*)", []), ("MIN(text)", []))
    names, values, params = _columns(Batch, given)
    cursor.execute(
        f"""INSERT INTO {_BATCH} ({names}) SELECT {values} FROM planned
            WHERE number IS NOT NULL GROUP BY number ORDER BY number""",  # noqa: S608
        params,
    )


def _batch(dispatch: Dispatch, number: Sql, size: Sql, text: Sql) -> dict[str, Sql]:
    ids: dict[str, Sql] = {"dispatch_id": ("%s", [dispatch.pk]), "account_id": ("%s", [dispatch.account_id])}
    return {**ids, "number": number, "size": size, "text": text}


def _insert_deliveries(cursor: Any, dispatch: Dispatch, planned: str, planned_params: list[Any]) -> int:
    """One row for each of `planned`, in its order; those without a number are kept as left out. How many."""
    given: dict[str, Sql] = {
        "dispatch_id": ("%s", [dispatch.pk]),
        "batch_id": ("b.id", []),
        "run": ("%s", [run_value(dispatch.run)]),
        "leg": ("%s", [dispatch.leg]),
        "phone": ("p.phone", []),
        "variables": ("p.variables", []),
        "own_status": ("CASE WHEN p.number IS NULL THEN %s END", [int(OwnStatus.SKIPPED)]),
        "reason": ("p.outcome", []),
    }
    names, values, params = _columns(Delivery, given)
    cursor.execute(
        f"""INSERT INTO {_DELIVERY} ({names}) SELECT {values} FROM {planned} p
            LEFT JOIN {_BATCH} b ON b.dispatch_id = %s AND b.number = p.number""",  # noqa: S608
        [*params, *planned_params, dispatch.pk],
    )
    return int(cursor.rowcount)


def _left_out(cursor: Any, dispatch: Dispatch) -> int:
    """Has an index of its own. Raises RuntimeError if somebody to be sent to has found no batch: nobody would ever claim him."""
    cursor.execute(
        f"SELECT COUNT(*), COUNT(own_status) FROM {_DELIVERY} WHERE dispatch_id = %s AND batch_id IS NULL",  # noqa: S608
        [dispatch.pk],
    )
    without_batch, left_out = cursor.fetchone()
    if without_batch != left_out:
        raise RuntimeError(f"{without_batch - left_out} people of round {dispatch.pk} have no batch")
    return int(left_out)


def _columns(model: Any, given: dict[str, Sql]) -> tuple[str, str, list[Any]]:
    """(names, values, params) of an INSERT … SELECT: what is given, and each other column's default."""
    names, values, params = [], [], []
    for column in model._meta.concrete_fields:
        if column.primary_key:
            continue
        sql, own = given.get(column.column, ("", []))
        if not sql:
            default = column.get_default()
            if default is None and column.null:
                continue
            sql, own = "%s", [column.get_db_prep_save(default, connection)]
        names.append(f'"{column.column}"')
        values.append(sql)
        params += own
    return ", ".join(names), ", ".join(values), params
