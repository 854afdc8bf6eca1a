"""Every door that may move a batch, tried on a batch in every state: what changes, and that nothing else does.

The golden file has a line for each (from, to, door): from a state, the door that leads to the other, and all that is otherwise
after it: state, counters, times, attempts, people, dispatch, account. `EDGES` says the most important ones here as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction

from tests.golden.batch_scenes import DOORS, STATES, Door, Scene, Sender, process, scene
from tests.golden.conftest import Golden
from tests.messaging.stage import still

pytestmark = pytest.mark.django_db

# From a state to those that one step may lead to.
ALLOWED = {
    "queued": {"claimed", "cancelled", "lapsed"},
    "claimed": {"queued", "sending"},
    "sending": {"submitted", "refused", "unknown", "queued"},
    "unknown": {"submitted", "refused", "queued"},
    "submitted": {"refused"},
    "refused": set(),
    "cancelled": set(),
    "lapsed": set(),
}
# After a restore alone: what the other life may have sent.
AFTER_A_RESTORE = {("queued", "submitted"), ("queued", "unknown"), ("claimed", "unknown"), ("claimed", "submitted")}

# (from, to, door) -> all that is otherwise after it. What stands in no entry is as it was.
GIVEN_BACK = "state: queued; claim: none; claimed_at: None"
EVERYBODY = "person 1: delivered, delivered; person 2: delivered, delivered; person 3: delivered, delivered"
EDGES = {
    ("queued", "claimed", "claim"): "state: claimed; claim: taken; claimed_at: now",
    ("queued", "cancelled", "cancel the dispatch"): "state: cancelled; reason: cancelled; dispatch: cancelled",
    ("queued", "cancelled", "claim after everybody has opted out"): "state: cancelled; reason: nobody_left",
    ("queued", "lapsed", "tick after the dispatch is of no use any more"): (
        "state: lapsed; reason: useless_after; dispatch: done"
    ),
    ("claimed", "queued", "release"): GIVEN_BACK,
    ("claimed", "queued", "sweep after the claim ran out"): GIVEN_BACK,
    ("claimed", "queued", "stop all sending"): GIVEN_BACK,
    ("claimed", "queued", "begin after a pause"): GIVEN_BACK,
    ("claimed", "queued", "begin after the dispatch is of no use any more"): GIVEN_BACK,
    ("claimed", "queued", "begin after somebody has opted out"): GIVEN_BACK,
    ("claimed", "sending", "begin"): (
        "state: sending; claimed_at: now; attempts_made: 2; finished_at: None; attempt 2: open"
    ),
    ("sending", "submitted", "answer: accepted"): (
        "state: submitted; reason: -; vendor_word: -; submitted_at: now; finished_at: now; attempt 2: accepted, accepted"
    ),
    ("sending", "refused", "answer: refused"): (
        "state: refused; reason: bad_request; finished_at: now; attempt 2: refused, bad_request"
    ),
    ("sending", "queued", "answer: throttled"): (
        f"{GIVEN_BACK}; not_before: 9 s later; finished_at: now; attempt 2: safe, wait"
    ),
    ("sending", "queued", "answer: the account is blocked"): (
        "state: queued; reason: balance; claim: none; claimed_at: None; finished_at: now; attempt 2: blocked, balance; "
        "account: stopped, balance"
    ),
    ("sending", "unknown", "answer: none"): (
        "state: unknown; reason: no_answer; vendor_word: -; finished_at: now; attempt 2: unsure, no_answer"
    ),
    ("sending", "unknown", "sweep after the claim ran out"): (
        "state: unknown; reason: no_answer; finished_at: now; attempt 2: unsure, no_answer"
    ),
    ("sending", "submitted", "receipts, then no answer"): (
        "state: submitted; submitted_at: now; n_delivered: 2; finished_at: now; attempt 2: accepted, receipt; "
        "person 1: delivered, delivered; person 2: delivered, delivered"
    ),
    ("unknown", "submitted", "receipts: delivered"): (
        "state: submitted; reason: -; vendor_word: -; submitted_at: now; n_delivered: 3; attempt 2: accepted, receipt; "
        f"{EVERYBODY}"
    ),
    ("unknown", "submitted", "person: sent"): "state: submitted; submitted_at: now",
    ("unknown", "refused", "person: not sent"): "state: refused; reason: person",
    ("unknown", "submitted", "vendor asked, and it has it"): (
        "state: submitted; reason: -; vendor_word: -; attempts_made: 3; submitted_at: now; finished_at: now; "
        "attempt 3: accepted, repeated_serial"
    ),
    ("unknown", "queued", "answer: never left"): (
        "state: queued; reason: stood_still; vendor_word: 原话; claim: none; claimed_at: None; not_before: 4 s later; "
        "finished_at: now; attempt 2: safe, stood_still"
    ),
    ("submitted", "refused", "audit refuses the send"): (
        "state: refused; reason: content_refused; vendor_word: 内容不合规"
    ),
    ("queued", "submitted", "hold, receipts of the other life, then by receipts"): (
        "state: submitted; reason: restored; claimed_at: now; attempts_made: 2; submitted_at: now; finished_at: now; "
        "attempt 2: accepted, restored"
    ),
    # No edges: the batch stays, whatever is heard.
    ("queued", "queued", "receipts: delivered"): f"n_delivered: 3; {EVERYBODY}",
    ("sending", "sending", "receipts: delivered"): f"n_delivered: 3; {EVERYBODY}",
    ("sending", "sending", "cancel the dispatch"): "dispatch: cancelled",
    ("unknown", "unknown", "person: not sent, before the deadline"): "a sentence for the person; as it was",
    ("unknown", "unknown", "answer: throttled"): "finished_at: now; attempt 2: safe, wait",
}


@pytest.fixture
def senders(sandbox: Any) -> Iterator[dict[str, Sender]]:
    with still(sandbox):
        vendors = sorted({door.vendor for door in DOORS})
        yield {vendor: Sender(sandbox, vendor, number) for number, vendor in enumerate(vendors)}


class Undone(Exception):
    """The end of a trial: nothing of it stays."""


@contextmanager
def undone() -> Iterator[None]:
    with suppress(Undone), transaction.atomic():
        yield
        raise Undone


def tried(trial: Scene, door: Door) -> tuple[str, str]:
    """(state after it, what has changed)."""
    words, before = "", trial.before
    try:
        door.act(trial)
    except ValidationError:
        words = "a sentence for the person; "
    after, changes = trial.changes()
    trial.before = before
    trial.sender.stage.pushes()
    return after, words + changes


Found = dict[tuple[str, str], tuple[str, str]]


def walked(senders: dict[str, Sender], folder: Path, settings: Any) -> Found:
    """(state, door) -> what `tried` gives. A state is made once for each vendor; each trial is rolled back to it."""
    found: Found = {}
    for state in STATES:
        for vendor, sender in senders.items():
            doors = [door for door in DOORS if door.vendor == vendor and state in door.of]
            here = folder / state / vendor
            with undone():
                process(settings, here / "before")
                trial = scene(sender, state)
                serials = set(sender.world.store.get("serials", ()))  # that one vendor remembers
                for number, door in enumerate(doors):
                    with undone():
                        cache.clear()
                        process(settings, here / str(number), here / "before")
                        sender.world.store["serials"] = set(serials)
                        found[state, door.name] = tried(trial, door)
    return found


def test_every_door_from_every_state(senders: dict[str, Sender], tmp_path: Path, settings: Any, golden: Golden) -> None:
    found = walked(senders, tmp_path, settings)
    lines = [
        f"{old} → {new} | {door.name} | {found[old, door.name][1]}"
        for old in STATES
        for new in STATES
        for door in DOORS
        if new in door.to and old in door.of
    ]
    golden("batch_edges.txt", "\n".join([*lines, ""]))
    for (old, new, name), changes in EDGES.items():
        assert found[old, name] == (new, changes), f"{old}, {name}"
    _only_allowed(found)


def _only_allowed(found: Found) -> None:
    """Each allowed edge is taken by some door, each other one is tried by some door and taken by none."""
    tried = {(old, new) for door in DOORS for old in door.of for new in door.to}
    assert tried >= {(old, new) for old in STATES for new in STATES if old != new}
    one_step = {(old, door.name) for door in DOORS for old in door.of if not door.steps}
    taken = {(old, found[old, name][0]) for old, name in one_step if found[old, name][0] != old}
    allowed = {(old, new) for old, news in ALLOWED.items() for new in news}
    assert taken == allowed | AFTER_A_RESTORE
    restored = {(old, found[old, name][0]) for old, name in one_step if name.startswith("hold")}
    assert taken - restored <= allowed
