"""How a batch is brought into each of its states, and every door that may move it out: the table that
`test_batch_edges` walks. Only this module knows the services; when they are renamed or moved, it alone changes."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from messaging import fence
from messaging.callbacks import process as callbacks_process
from messaging.eligibility import entries
from messaging.fence import decisions
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import SendResult, Verdict
from messaging.models import Attempt, Batch, Delivery, Dispatch, VendorAccount
from messaging.sandbox.base import Push
from messaging.sending import claim as sending_claim
from messaging.sending import dispatches, outcomes, stop_switch, unknown
from messaging.sending import hand_over as sending_hand_over
from messaging.worker import sweep
from tests.builders import House, phones
from tests.golden.renamed import new_name, old_value
from tests.messaging.stage import Stage

STATES = ("queued", "claimed", "sending", "submitted", "refused", "unknown", "cancelled", "lapsed")
PEOPLE = phones(3)
LONG_AGO = timedelta(days=30)

# Columns of a batch whose change is told, in the words of the golden file.
COLUMNS = (
    *("state", "reason", "vendor_word", "size", "claim", "claimed_at", "attempts_made", "not_before", "submitted_at"),
    *("accepted_count", "n_skipped", "n_refused", "n_no_receipt", "n_failed", "n_delivered", "n_read"),
)
# `own` of a delivery, in words.
OWN = {None: "as the batch", 20: "skipped", 30: "refused", 40: "no receipt", 50: "failed", 60: "delivered", 70: "read"}


class Sender(House):
    """An account at one vendor with an approved version, whatever the vendor."""

    def __init__(self, sandbox: Any, vendor: str, number: int) -> None:
        self.stage = Stage(sandbox, vendor)
        self.stage.maker.number = 100 * number  # several vendors' templates have different names
        self.sandbox, self.vendor, self.world = sandbox, vendor, self.stage.world
        self.account, self.signature, self.chatbot = self.stage.account, self.stage.signature, self.stage.chatbot
        self.version = self.stage.approved()
        self.stage.pushes()


@dataclass
class Scene:
    """One batch of three people, and what was so before a door was tried."""

    sender: Sender
    dispatch: Dispatch
    pk: int
    before: dict[str, Any] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    @property
    def batch(self) -> Batch:
        """As whoever has claimed it knows it."""
        related = ("dispatch__account", "dispatch__version", "dispatch__signature", "dispatch__chatbot", "account")
        return Batch.objects.select_related(*related).get(pk=self.pk)

    @property
    def attempt(self) -> Attempt:
        """The newest."""
        attempts = Attempt.objects.filter(batch=self.pk).select_related("batch__dispatch__account", "account")
        return attempts.order_by("-number")[0]

    # --- steps ----------------------------------------------------------------------------------------------------

    def claim(self) -> bool:
        return isinstance(sending_claim.claim_next(self.dispatch.pk), sending_claim.Claimed)

    def begin(self) -> None:
        batch = self.batch
        sending_hand_over.begin(batch, batch.dispatch)

    def hand_over(self) -> None:
        sending_hand_over.hand_over(self.batch)

    def answered(self, outcome: Outcome, reason: str, **more: Any) -> None:
        """The answer to the newest attempt is recorded: in time, late, or again."""
        given = {name: more.pop(name) for name in ("task_id", "accepted_count") if name in more}
        verdict = Verdict(outcome, reason, more.pop("code", "4"), more.pop("message", "原话"), **more)
        outcomes.record(self.attempt, SendResult(verdict, **given))

    def faulty(self, **rule: Any) -> None:
        self.sender.stage.fault(**rule)
        self.hand_over()
        self.sender.stage.mount.faults.replace([])

    def aged(self, seconds: float = 600) -> None:
        """So much time has passed since the claim and since the newest attempt."""
        ago = timezone.now() - timedelta(seconds=seconds)
        Batch.objects.filter(pk=self.pk, claimed_at__isnull=False).update(claimed_at=ago)
        Attempt.objects.filter(batch=self.pk).update(started_at=ago)
        self.look()

    def expired(self) -> None:
        Dispatch.objects.filter(pk=self.dispatch.pk).update(send_until=timezone.now() - timedelta(seconds=1))
        self.look()

    def receipts(self, status: str = "DELIVRD", people: list[str] = PEOPLE, reference: str = "") -> None:
        """The gateway reports these people, under the reference of the newest attempt."""
        said = {"taskId": "", "status": status, "message": "原话", "type": 4, "reportTime": "2026-05-20 10:00:00"}
        rows = [{**said, "mobile": phone, "callData": reference or self.attempt.reference} for phone in people]
        self.sender.push("receipt", rows, client=self.client)
        callbacks_process.apply_new()

    def pushed(self, kind: str, **values: str) -> None:
        """Veesing pushes this form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        self.sender.stage.deliver([Push(kind, urlencode(values).encode(), headers)])

    def tick(self) -> None:
        sweep.close_and_finish()

    def held(self) -> Any:
        return fence.hold(fence.Rule.FILE_AHEAD, {"host": "a"})

    # --- what is so -----------------------------------------------------------------------------------------------

    def look(self) -> None:
        self.before = self.facts()

    def facts(self) -> dict[str, Any]:
        related = ("dispatch__state", "dispatch__stop_reason", "account__status", "account__stop_reason")
        names = {name: new_name("Batch", name) for name in COLUMNS}
        row = Batch.objects.filter(pk=self.pk).values(*names.values(), *related)[0]
        found: dict[str, Any] = {name: old_value("Batch", today, row[today]) for name, today in names.items()}
        found["claim"] = "taken" if found["claim"] else "none"
        attempts = Attempt.objects.filter(batch=self.pk).order_by("number")
        for number, outcome, reason, at in attempts.values_list("number", "outcome", "reason", "finished_at"):
            found[f"attempt {number}"] = _words("Attempt", outcome=outcome, reason=reason)
            found["finished_at"] = at
        people = Delivery.objects.filter(dispatch=self.dispatch.pk).order_by("phone")
        for number, (own, reason, batch) in enumerate(people.values_list("own_status", "reason", "batch__number"), 1):
            found[f"person {number}"] = (
                f"{OWN[own]}, {_words('Delivery', reason=reason)}" if own else f"as batch {batch}"
            )
        others = Batch.objects.filter(dispatch=self.dispatch.pk).exclude(pk=self.pk).order_by("number")
        for number, state, size in others.values_list("number", "state", "size"):
            found[f"batch {number}"] = f"{_words('Batch', state=state)}, {size} people"
        found["dispatch"] = _words("Dispatch", state=row["dispatch__state"], stop_reason=row["dispatch__stop_reason"])
        found["account"] = _words("Account", status=row["account__status"], stop_reason=row["account__stop_reason"])
        return found

    def changes(self) -> tuple[str, str]:
        """(the batch's state, everything that is otherwise than it was, each with what it is now)."""
        now = self.facts()
        told = [
            f"{name}: {_said(value, now['finished_at'])}"
            for name, value in now.items()
            if name not in self.before or self.before[name] != value
        ]
        return now["state"], "; ".join(told) or "as it was"


def _words(model: str, **columns: str) -> str:
    return ", ".join(old_value(model, name, value) for name, value in columns.items() if value)


def _said(value: Any, finished: datetime | None) -> str:
    if isinstance(value, datetime):
        return _time(value, finished)
    if isinstance(value, str) and re.search("[A-Z]", value):
        return "(our words)"
    return value or "-" if isinstance(value, str) else str(value)


def _time(value: datetime, finished: datetime | None) -> str:
    """Now, before, or so many whole seconds after the attempt's end."""
    if value > timezone.now():
        return f"{int((value - (finished or timezone.now())).total_seconds())} s later"
    return "now" if timezone.now() - value < timedelta(minutes=2) else "before"


def process(settings: Any, folder: Path, like: Path | None = None) -> None:
    """From now on this is another process, and what it finds written down about what was sent is what lies in `like`."""
    fence.forget()
    if like is not None and like.exists():
        shutil.copytree(like, folder)
    settings.FENCE_DIR = folder


# --- into each state ---------------------------------------------------------------------------------------------------


def scene(sender: Sender, state: str) -> Scene:
    """A batch in this state, brought there by the services. It has been on the wire once before, and was throttled."""
    made = sender.make_dispatch(PEOPLE, per_batch=3, variables={"余额": "5"})
    found = Scene(sender, made, made.batches.get().pk)
    _sending(found)
    found.answered(Outcome.NOT_TAKEN, "wait")
    Batch.objects.filter(pk=found.pk).update(not_before=None)
    INTO[state](found)
    found.look()
    assert found.before["state"] == state
    return found


def _claimed(scene: Scene) -> None:
    assert scene.claim()


def _sending(scene: Scene) -> None:
    _claimed(scene)
    scene.begin()


def _submitted(scene: Scene) -> None:
    _claimed(scene)
    scene.hand_over()


def _refused(scene: Scene) -> None:
    _sending(scene)
    scene.answered(Outcome.REJECTED, "bad_request")


def _unknown(scene: Scene) -> None:
    """The vendor has it, and its answer was lost."""
    _claimed(scene)
    scene.faulty(kind="http_5xx")


def _lapsed(scene: Scene) -> None:
    scene.expired()
    scene.tick()


INTO: dict[str, Callable[[Scene], Any]] = {
    "queued": lambda scene: None,
    "claimed": _claimed,
    "sending": _sending,
    "submitted": _submitted,
    "refused": _refused,
    "unknown": _unknown,
    "cancelled": lambda scene: dispatches.cancel(scene.dispatch),
    "lapsed": _lapsed,
}

# --- doors -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    """`to`: the states that it leads to. `of`: those that it is tried from. `steps`: it takes a batch further than over one
    edge. `vendor`: whose account it needs."""

    name: str
    to: tuple[str, ...]
    act: Callable[[Scene], Any]
    of: tuple[str, ...] = STATES
    steps: bool = False
    vendor: str = "rcs_gateway"


DOORS: list[Door] = []


def door(name: str, *to: str, **more: Any) -> Callable[..., Any]:
    def note(act: Callable[[Scene], Any]) -> Callable[[Scene], Any]:
        DOORS.append(Door(name, to, act, **more))
        return act

    return note


# Claims.


@door("claim", "claimed")
def _claim(scene: Scene) -> None:
    scene.claim()


@door("claim after the dispatch is of no use any more", "claimed", "lapsed", of=("queued",))
def _claim_late(scene: Scene) -> None:
    scene.expired()
    scene.claim()


@door("claim while the dispatch is paused", "claimed", of=("queued",))
def _claim_paused(scene: Scene) -> None:
    dispatches.pause(scene.dispatch)
    scene.look()
    scene.claim()


@door("claim while the account is stopped", "claimed", of=("queued",))
def _claim_stopped(scene: Scene) -> None:
    VendorAccount.objects.filter(pk=scene.sender.account.pk).update(status="stopped")
    scene.look()
    scene.claim()


@door("claim after everybody has opted out", "claimed", "cancelled", of=("queued", "claimed"))
def _claim_nobody(scene: Scene) -> None:
    for phone in PEOPLE:
        entries.suppress(phone, source="hand", scope="all")
    scene.look()
    scene.claim()


@door("claim after everybody has had what the cap allows", "cancelled", steps=True, of=("queued", "claimed"))
def _claim_over_cap(scene: Scene) -> None:
    sending_hand_over.send_some(scene.sender.make_dispatch(PEOPLE, variables={"余额": "5"}).pk)
    Dispatch.objects.filter(pk=scene.dispatch.pk).update(cap_count=1)
    scene.look()
    scene.claim()


@door("release", "queued")
def _release(scene: Scene) -> None:
    sending_claim.release(scene.batch)


@door("release of somebody else's claim", "queued", of=("claimed",))
def _release_other(scene: Scene) -> None:
    batch = scene.batch
    batch.claim = "another"
    sending_claim.release(batch)


@door("sweep after the claim ran out", "queued", "unknown")
def _sweep(scene: Scene) -> None:
    scene.aged()
    sweep.sweep_claims()


@door("sweep before the claim runs out", "queued", "unknown", of=("claimed", "sending", "unknown"))
def _sweep_early(scene: Scene) -> None:
    sweep.sweep_claims()


@door("stop all sending", "queued")
def _stop_all(scene: Scene) -> None:
    stop_switch.stop("客户投诉")


# Onto the wire.


@door("begin", "sending")
def _begin(scene: Scene) -> None:
    scene.begin()


@door("begin with somebody else's claim", "sending", of=("claimed",))
def _begin_other(scene: Scene) -> None:
    batch = scene.batch
    batch.claim = "another"
    sending_hand_over.begin(batch, batch.dispatch)


@door("begin after a pause", "queued", "sending", of=("claimed",))
def _begin_paused(scene: Scene) -> None:
    dispatches.pause(scene.dispatch)
    scene.look()
    scene.begin()


@door("begin after the dispatch is of no use any more", "queued", "sending", "lapsed", of=("claimed",))
def _begin_late(scene: Scene) -> None:
    scene.expired()
    scene.begin()


@door("begin after all sending was stopped", "queued", "sending", of=("claimed",))
def _begin_all_stopped(scene: Scene) -> None:
    stop_switch.SendingStop.objects.create(reason="客户投诉", stopped_at=timezone.now())
    scene.begin()


@door("begin after somebody has opted out", "queued", "sending", of=("claimed",))
def _begin_one_less(scene: Scene) -> None:
    batch = scene.batch
    entries.suppress(PEOPLE[0], source="hand", scope="all")
    scene.look()
    sending_hand_over.begin(batch, batch.dispatch)


# Handed over: claimed -> sending -> whatever the vendor says, over real HTTP.


@door("hand over: accepted", "submitted", steps=True)
def _over_accepted(scene: Scene) -> None:
    scene.hand_over()


@door("hand over: refused", "refused", steps=True, of=("claimed",))
def _over_refused(scene: Scene) -> None:
    _forced(scene, 4)


@door("hand over: the template cannot be used", "queued", steps=True, of=("claimed",))
def _over_template(scene: Scene) -> None:
    _forced(scene, 5)


@door("hand over: the account cannot be used", "queued", steps=True, of=("claimed",))
def _over_account(scene: Scene) -> None:
    _forced(scene, 3)


@door("hand over: too often, by the vendor's word", "queued", steps=True, of=("claimed",))
def _over_too_often(scene: Scene) -> None:
    _forced(scene, 31)


@door("hand over: the vendor's own error", "unknown", steps=True, of=("claimed",))
def _over_own_error(scene: Scene) -> None:
    _forced(scene, 99)


def _forced(scene: Scene, status: int) -> None:
    scene.sender.world.settings["force_status"] = status
    scene.hand_over()
    scene.sender.world.settings.pop("force_status")


@door("hand over: HTTP 429", "queued", steps=True, of=("claimed",))
def _over_throttled(scene: Scene) -> None:
    scene.faulty(kind="throttle", seconds=7)


@door("hand over: HTTP 503, not taken", "unknown", steps=True, of=("claimed",))
def _over_server_error(scene: Scene) -> None:
    scene.faulty(kind="http_5xx", when="before")


@door("hand over: the connection breaks", "unknown", steps=True, of=("claimed",))
def _over_cut(scene: Scene) -> None:
    scene.faulty(kind="cut")


@door("hand over: no connection", "queued", steps=True, of=("claimed",))
def _over_refused_connection(scene: Scene) -> None:
    VendorAccount.objects.filter(pk=scene.sender.account.pk).update(base_url="http://127.0.0.1:9/rcs_gateway")
    scene.hand_over()


# Answers, to the newest attempt: in time from sending, late or once more from everywhere else.


def _answer(name: str, to: str, outcome: Outcome, reason: str, of: tuple[str, ...] = STATES, **more: Any) -> None:
    DOORS.append(Door(f"answer: {name}", (to,), lambda scene: scene.answered(outcome, reason, **more), of))


SENT = ("sending", "submitted", "unknown")
_answer("accepted", "submitted", Outcome.ACCEPTED, "accepted", code="0", message="", task_id="77")
_answer("accepted, not all", "submitted", Outcome.ACCEPTED, "accepted", SENT, code="0", message="", accepted_count=2)
_answer("refused", "refused", Outcome.REJECTED, "bad_request")
_answer("refused because of one number", "refused", Outcome.REJECTED, "bad_number", SENT, split=True)
_answer("throttled", "queued", Outcome.NOT_TAKEN, "wait", retry_after=9.0)
_answer("throttled without a time", "queued", Outcome.NOT_TAKEN, "wait", SENT)
_answer("never left", "queued", Outcome.NOT_TAKEN, "stood_still", SENT)
_answer("the account is blocked", "queued", Outcome.BLOCKED, "balance", SENT, blocks="account")
_answer("the template is blocked", "queued", Outcome.BLOCKED, "template_unusable", SENT, blocks="dispatch")
_answer("none", "unknown", Outcome.UNKNOWN, "no_answer", code="", message="")


@door("answer: one person refused among the accepted", "submitted", of=("sending", "unknown"))
def _answer_some(scene: Scene) -> None:
    rejected = {PEOPLE[1]: Verdict(Outcome.REJECTED, "bad_number", "9", "空号")}
    outcomes.record(scene.attempt, SendResult(Verdict(Outcome.ACCEPTED, "accepted", "0"), "77", rejected=rejected))


# What comes back.


@door("receipts: delivered", "submitted")
def _delivered(scene: Scene) -> None:
    scene.receipts()


@door("receipts: one failed", "submitted", of=("sending", "submitted", "unknown"))
def _failed(scene: Scene) -> None:
    scene.receipts("UNDELIV", PEOPLE[:1])


@door("receipts: about somebody else", "submitted", of=("sending", "submitted", "unknown"))
def _stranger(scene: Scene) -> None:
    scene.receipts(people=["19900000000"])


@door("receipts, then no answer", "submitted", "unknown", steps=True, of=("sending", "unknown"))
def _heard_unsure(scene: Scene) -> None:
    scene.receipts(people=PEOPLE[:2])
    scene.answered(Outcome.UNKNOWN, "no_answer", code="", message="")


@door(
    "receipts, then a sweep after the claim ran out",
    "submitted",
    "unknown",
    steps=True,
    of=("claimed", "sending", "unknown"),
)
def _heard_swept(scene: Scene) -> None:
    scene.aged()
    scene.receipts(people=PEOPLE[:2])
    sweep.sweep_claims()


@door(
    "receipts under an unknown task of people of one unknown batch",
    "submitted",
    vendor="veesing",
    of=("queued", "sending", "submitted", "unknown"),
)
def _orphans(scene: Scene) -> None:
    for phone in PEOPLE:
        scene.pushed("receipt", mobile=phone, taskid="999001", status="1", receivetime="2026-05-20 10:00:00")
    sweep.rematch_waiting()


@door(
    "audit refuses the send", "refused", vendor="veesing", of=("queued", "sending", "submitted", "refused", "unknown")
)
def _audited(scene: Scene) -> None:
    scene.pushed("review", taskId=scene.attempt.task_id or "999002", returnStatus="0", message="内容不合规")


@door("no answer but a task, then audit refuses the send", "refused", of=("sending",), steps=True, vendor="veesing")
def _audited_unknown(scene: Scene) -> None:
    scene.answered(Outcome.UNKNOWN, "no_answer", task_id="999003")
    scene.pushed("review", taskId="999003", returnStatus="0", message="内容不合规")


@door("audit approves the send", "submitted", vendor="veesing", of=("submitted", "unknown"))
def _audit_approved(scene: Scene) -> None:
    scene.pushed("review", taskId=scene.attempt.task_id or "999002", returnStatus="1", message="审核通过")


@door("silence for days", "submitted", "unknown", of=("sending", "submitted", "unknown"))
def _silence(scene: Scene) -> None:
    Batch.objects.filter(pk=scene.pk, submitted_at__isnull=False).update(submitted_at=timezone.now() - LONG_AGO)
    scene.aged(LONG_AGO.total_seconds())
    sweep.mark_silence()


# Unknown, decided.


@door("vendor asked, and it has it", "submitted", vendor="yixintong", of=("queued", "submitted", "unknown"))
def _asked(scene: Scene) -> None:
    scene.aged(120)
    unknown.ask_vendor(scene.pk)


@door("vendor asked, and it takes it only now", "submitted", vendor="yixintong", of=("unknown",))
def _asked_new(scene: Scene) -> None:
    scene.sender.world.store.pop("serials", None)
    scene.aged(120)
    unknown.ask_vendor(scene.pk)


@door("vendor asked, and it refuses", "refused", vendor="yixintong", of=("unknown",))
def _asked_refused(scene: Scene) -> None:
    scene.sender.world.store.pop("serials", None)
    scene.sender.world.settings["answer_code"] = 28
    scene.aged(120)
    unknown.ask_vendor(scene.pk)
    scene.sender.world.settings.pop("answer_code")


@door("vendor asked, and no answer again", "unknown", vendor="yixintong", of=("unknown",))
def _asked_in_vain(scene: Scene) -> None:
    scene.sender.stage.fault(kind="cut")
    scene.aged(120)
    unknown.ask_vendor(scene.pk)
    scene.sender.stage.mount.faults.replace([])


@door("person: sent", "submitted")
def _person_sent(scene: Scene) -> None:
    unknown.mark_sent(scene.batch, None, "客服说已发")


@door("person: not sent, before the deadline", "refused")
def _person_early(scene: Scene) -> None:
    unknown.mark_not_sent(scene.batch, None, "客服说没收到")


@door("person: not sent", "refused")
def _person_not_sent(scene: Scene) -> None:
    scene.aged(LONG_AGO.total_seconds())
    unknown.mark_not_sent(_old(scene), None, "客服说没收到")


@door("person: not sent, though there is a receipt", "refused", of=("unknown",))
def _person_against_receipt(scene: Scene) -> None:
    scene.aged(LONG_AGO.total_seconds())
    Batch.objects.filter(pk=scene.pk).update(n_delivered=1)
    scene.look()
    unknown.mark_not_sent(_old(scene), None, "客服说没收到")


@door("person: everybody sent, one by one", "submitted", of=("unknown",))
def _people_sent(scene: Scene) -> None:
    for pk in list(unknown.people(scene.batch).values_list("pk", flat=True)):
        unknown.mark_people(scene.batch, [pk], None, "逐个核对", sent=True)


@door("person: everybody not sent, one by one", "refused", of=("unknown",))
def _people_not_sent(scene: Scene) -> None:
    scene.aged(LONG_AGO.total_seconds())
    for pk in list(unknown.people(scene.batch).values_list("pk", flat=True)):
        unknown.mark_people(_old(scene), [pk], None, "逐个核对", sent=False)


@door("person: one sent, the others not", "submitted", of=("unknown",))
def _people_mixed(scene: Scene) -> None:
    scene.aged(LONG_AGO.total_seconds())
    first, *others = unknown.people(scene.batch).values_list("pk", flat=True)
    unknown.mark_people(_old(scene), [first], None, "逐个核对", sent=True)
    unknown.mark_people(_old(scene), others, None, "逐个核对", sent=False)


def _old(scene: Scene) -> Batch:
    """The batch as a page has read it, of a dispatch that is as old: one that was never claimed has no other time."""
    batch = scene.batch
    batch.dispatch.created_at = timezone.now() - LONG_AGO
    return batch


# Ended.


@door("cancel the dispatch", "cancelled", steps=True)
def _cancel(scene: Scene) -> None:
    dispatches.cancel(scene.dispatch)


@door("cancel the dispatch, then throttled, then the tick", "cancelled", steps=True, of=("sending", "unknown"))
def _cancel_returned(scene: Scene) -> None:
    dispatches.cancel(scene.dispatch)
    scene.look()
    scene.answered(Outcome.NOT_TAKEN, "wait")
    scene.tick()


@door("tick", "lapsed", "cancelled")
def _tick(scene: Scene) -> None:
    scene.tick()


@door("tick after the dispatch is of no use any more", "lapsed")
def _tick_late(scene: Scene) -> None:
    scene.expired()
    scene.tick()


@door("tick after that, while the dispatch is paused", "lapsed", of=("queued", "claimed"))
def _tick_late_paused(scene: Scene) -> None:
    dispatches.pause(scene.dispatch)
    scene.expired()
    scene.tick()


# A restored database.


@door("hold after a restore", "unknown")
def _hold(scene: Scene) -> None:
    scene.held()


@door("hold, then all in doubt was sent", "submitted", of=("queued", "claimed", "sending", "unknown"))
def _hold_sent(scene: Scene) -> None:
    decisions.mark_all_sent(scene.held())


@door("hold, then nobody knows", "unknown", of=("queued", "claimed", "sending", "submitted"))
def _hold_unknown(scene: Scene) -> None:
    decisions.mark_unknown(scene.held())


@door("hold, receipts of the other life, then by receipts", "submitted", of=("queued", "claimed"))
def _hold_reported(scene: Scene) -> None:
    number = scene.batch.attempts_made + 1
    hold = scene.held()
    scene.receipts(reference=f"s{fence.mark()}-{scene.pk}-{number}")
    decisions.mark_reported(hold)


@door("hold, then let go", "queued", of=("queued", "claimed", "sending"))
def _hold_let_go(scene: Scene) -> None:
    hold = scene.held()
    decisions.opt_outs(hold, "waived")
    decisions.let_go(hold)
    decisions.finish(hold)
