"""From a spec and its recipients to a dispatch with its batches and one row for each recipient, sent to or not: the one maker."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Max

from kit import sql
from messaging.models import Dispatch
from messaging.sending.recipients import Recipients
from messaging.sending.spec import Canary, DispatchSpec, Message
from messaging.states import OwnStatus
from templates_5g.services import freeze

_SQL = sql.beside(__file__)


class TooManyPeople(Exception):
    """More people would get it than were allowed for. Nothing was stored."""


class AnotherMessage(Exception):
    """People cannot be added to a dispatch that sends something else, or through another account."""


@dataclass(frozen=True)
class Part:
    spec: DispatchSpec
    recipients: Recipients


@dataclass(frozen=True)
class Created:
    """`left_out`: reason -> people who have a row and no batch. `hold_after`: the number of the canary's last batch."""

    dispatch: Dispatch
    to_send: int
    left_out: Mapping[str, int]
    hold_after: int | None = None

    @property
    def people(self) -> int:
        return self.to_send + sum(self.left_out.values())


@transaction.atomic
def create(parts: Sequence[Part], *, at_most: int | None = None) -> list[Created]:
    """A dispatch for each part, ready to be started; all of them or none. A few statements, whatever the number of people. The
    rules are asked again here, so who opted out since a check is left out. Raises TooManyPeople where all parts together would
    be sent to more than `at_most`."""
    made = [_laid_out(_stored(part.spec), part.spec, part.recipients) for part in parts]
    if at_most is not None and sum(one.to_send for one in made) > at_most:
        raise TooManyPeople
    return made


@transaction.atomic
def add_recipients(dispatch: Dispatch, spec: DispatchSpec, recipients: Recipients) -> Created:
    """More people for a dispatch of the same message, in batches numbered on. Of two that add at once, one waits for the
    other. Raises AnotherMessage."""
    related = ("account", "version__template", "signature", "chatbot")
    dispatch = Dispatch.objects.select_for_update(of=("self",)).select_related(*related).get(pk=dispatch.pk)
    if Message.of(dispatch) != spec.message:
        raise AnotherMessage
    last = dispatch.batches.aggregate(last=Max("number"))["last"] or 0
    return _counted(_by_groups(dispatch, spec, recipients, last))


def _stored(spec: DispatchSpec) -> Dispatch:
    message, timing, limits, origin = spec.message, spec.timing, spec.limits, spec.origin
    if message.version is not None and not origin.is_test:
        freeze(message.version)
    return Dispatch.objects.create(
        run_id=origin.run_id,
        leg=origin.leg,
        kind=origin.kind,
        title=origin.title[:120],
        source=origin.source[:120],
        purpose=origin.purpose,
        queue=spec.queue,
        created_by=origin.actor,
        version=message.version,
        text=message.text,
        account=message.account,
        signature=message.signature,
        chatbot=message.chatbot,
        options=dict(message.options),
        start_at=timing.start_at,
        send_until=timing.send_until,
        window_from=timing.window.opens if timing.window else None,
        window_until=timing.window.closes if timing.window else None,
        holidays=list(timing.holidays),
        per_second=limits.per_second,
        **({"cap_count": limits.cap.count, "cap_days": limits.cap.days} if limits.cap else {}),
    )


def _laid_out(dispatch: Dispatch, spec: DispatchSpec, recipients: Recipients) -> Created:
    """Batches and people of a new dispatch. Each outcome is decided once, so that a number suppressed at this moment cannot make
    a batch of another size than it says."""
    most = None if spec.limits.canary or spec.message.text_of_batch else recipients.most
    if most is None:
        return _counted(_by_groups(dispatch, spec, recipients))
    return _counted(_straight_on(dispatch, spec, recipients, most))


def _counted(created: Created) -> Created:
    """The dispatch knows how many people it has. A canary that it holds for is not forgotten when people are added."""
    dispatch = created.dispatch
    dispatch.total += created.people
    dispatch.hold_after = created.hold_after or dispatch.hold_after
    dispatch.save(update_fields=["total", "hold_after"])
    return created


def _straight_on(dispatch: Dispatch, spec: DispatchSpec, recipients: Recipients, most: int) -> Created:
    """Of a new dispatch alone: who is left out is counted by what stands there."""
    sql.use_memory()
    size = spec.message.batch_size
    _SQL["open_batches"].run(dispatch=dispatch.pk, account=dispatch.account_id, last=-(-most // size), size=size)
    numbered = _SQL["straight_on"].given(recipients=recipients.query(spec), size=size)
    everybody = _SQL["store_deliveries"].run(**_of(dispatch), planned=numbered)
    left_out = _left_out(dispatch)
    to_send = everybody - sum(left_out.values())
    last, rest = -(-to_send // size), to_send % size
    _SQL["drop_batches"].run(dispatch=dispatch.pk, last=last)
    if rest:
        _SQL["cut_batch"].run(dispatch=dispatch.pk, last=last, size=rest)
    return Created(dispatch, to_send, left_out)


def _left_out(dispatch: Dispatch) -> dict[str, int]:
    """Raises RuntimeError if somebody to be sent to has found no batch: nobody would ever claim them."""
    found: Counter[str] = Counter()
    for reason, without_batch, left_out in _SQL["left_out"].rows(lambda *row: row, dispatch=dispatch.pk):
        if without_batch != left_out:
            raise RuntimeError(f"{without_batch - left_out} people of dispatch {dispatch.pk} have no batch")
        found[reason] += left_out
    return dict(found)


def _by_groups(dispatch: Dispatch, spec: DispatchSpec, recipients: Recipients, first: int = 0) -> Created:
    """Batches numbered on from `first`."""
    sql.use_memory()
    # SQLite would sort everybody for a canary of nobody.
    lead = _lead(spec.limits.canary) if spec.limits.canary else sql.Fragment("1")
    size = spec.message.batch_size
    groups = _SQL["by_groups"].given(recipients=recipients.query(spec), lead=lead, size=size, first=first)
    values = {**_of(dispatch), "account": dispatch.account_id, "first": first, "groups": groups}
    if connection.vendor == "postgresql":
        counted = _SQL["store_groups"].rows(_Group, **values)
    else:
        for name in ("drop_table", "make_table", "store_batches", "store_people"):
            _SQL[name].run(**values)
        counted = _SQL["count_groups"].rows(_Group)
        _SQL["drop_table"].run()
    to_send = sum(one.people for one in counted if not one.outcome)
    hold_after = max((one.last_of_canary for one in counted if one.last_of_canary), default=None)
    return Created(dispatch, to_send, {one.outcome: one.people for one in counted if one.outcome}, hold_after)


@dataclass(frozen=True)
class _Group:
    outcome: str
    people: int
    last_of_canary: int | None


def _lead(canary: Canary) -> sql.Fragment:
    people = _SQL["lead_people" if canary.people else "lead_percent"].given(
        people=canary.people, per_mille=canary.per_mille
    )
    return _SQL["lead"].given(wanted=people, drawn=drawn("phone", canary.seed))


def drawn(column: str, seed: int) -> sql.Fragment:
    """A number's place in the draw, 0 to 9972: for a canary, and for a part of the people."""
    return _SQL["drawn"].given(phone=sql.Fragment(column), seed=seed)


def _of(dispatch: Dispatch) -> dict[str, object]:
    return {"dispatch": dispatch.pk, "run_id": dispatch.run_id, "leg": dispatch.leg, "skipped": OwnStatus.SKIPPED}
