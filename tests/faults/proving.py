"""After a seed: the vendor's ledger, our rows, the file and the pushes are laid side by side."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from campaigns.reports.verify import verify
from messaging.deliveries import status
from messaging.models import CallbackEvent
from tests.builders import stored
from tests.faults.dispatches import Ground
from tests.faults.story import Story
from tests.installation import VENDOR

FAIL_EVERY = 17  # of the sandbox's acceptances in all


@dataclass(frozen=True)
class Pushes:
    """What the vendor counted up to now: pushes that were acknowledged, and made again because they were not; people."""

    acknowledged: int
    again: int
    given_up: int
    accepted: int
    stored: int

    @classmethod
    def so_far(cls, ground: Ground) -> "Pushes":
        state = ground.place.sandbox.ask("state")["vendors"][VENDOR]
        pushes: dict[str, Any] = state["pushes"]
        stored = CallbackEvent.objects.filter(kind="receipt", state=CallbackEvent.State.APPLIED).count()
        return cls(pushes["delivered"], pushes["retried"], pushes["failed"], state["accepted"], stored)


@dataclass
class Proof:
    """One line of the table. `faults` is empty when everything is as it must be."""

    story: Story
    counts: Counter[str]
    sent: int
    again: int
    lost: int
    doubled: int
    faults: list[str] = field(default_factory=list)


def prove(story: Story, before: Pushes) -> Proof:
    ground, campaign = story.ground, story.campaign
    after = Pushes.so_far(ground)
    ledger = ground.place.sandbox.counts(VENDOR)
    accepted = {phone: ledger.get(phone, 0) for phone in story.numbers}
    found = status.with_status(stored(campaign).deliveries)
    statuses = dict(found.values_list("phone", "status"))
    counts = Counter(statuses.values())
    doubled = {phone: times for phone, times in accepted.items() if times > 1}
    lost = {phone: statuses.get(phone, "nowhere") for phone in story.numbers if _is_lost(phone, accepted, statuses)}
    proof = Proof(story, counts, sum(map(bool, accepted.values())), after.again - before.again, len(lost), len(doubled))
    checks = {
        f"sent twice: {_some(doubled)}": not doubled,
        f"lost silently: {_some(lost)}": not lost,
        f"strangers: {len(statuses)} rows for {len(accepted)} numbers": statuses.keys() == accepted.keys(),
        f"counters {status.dispatch_counts([campaign.dispatch_id])}, recounted {dict(counts)}": (
            status.dispatch_counts([campaign.dispatch_id]) == dict(counts)
        ),
        f"the report has {campaign.report.rows} rows, the file {story.rows}": campaign.report.rows == story.rows,
        f"failed {counts['failed']}, the vendor failed {_failed(before, after)}": (
            counts["failed"] == _failed(before, after)
        ),
        f"pushes: {before} then {after}": _applied(before, after),
    }
    proof.faults = [words for words, holds in checks.items() if not holds]
    proof.faults += [str(equation) for equation in verify(campaign) if not equation.holds]
    return proof


def _is_lost(phone: str, accepted: dict[str, int], statuses: dict[str, str]) -> bool:
    """Whom the vendor has must have its result; whom it has not must be in sight as unknown."""
    return statuses.get(phone) not in (("delivered", "failed") if accepted[phone] else ("unknown",))


def _failed(before: Pushes, after: Pushes) -> int:
    return after.accepted // FAIL_EVERY - before.accepted // FAIL_EVERY


def _applied(before: Pushes, after: Pushes) -> bool:
    """Every acknowledged push is applied once, and none was given up."""
    return after.acknowledged - before.acknowledged == after.stored - before.stored and not after.given_up


def _some(found: dict[str, Any]) -> str:
    return f"{len(found)}, e.g. {dict(list(found.items())[:5])}"
