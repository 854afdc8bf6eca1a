"""The fault run as a table in Markdown: a line for each seed, and the sum."""

from collections.abc import Iterator, Sequence

from tests.faults.proving import Proof

COLUMNS = (
    "seed",
    "victim",
    "stage",
    "kills",
    "people",
    "sent",
    "delivered",
    "failed",
    "unknown",
    "pushed again",
    "lost",
    "doubled",
)
_WIDTHS = (5, 8, 8, 5, 6, 6, 9, 6, 7, 12, 4, 7)


def head() -> str:
    rule = "|".join("-" * (width + 2) for width in _WIDTHS)
    return f"{_line(COLUMNS)} killed\n|{rule}|---"


def row(proof: Proof) -> str:
    case = proof.story.case
    values = (case.seed, case.victim, case.stage, len(proof.story.killer.hits), *_numbers(proof))
    return f"{_line(values)} {'; '.join(proof.story.killer.hits)}{_wrong(proof)}"


def total(proofs: Sequence[Proof]) -> str:
    kills = sum(len(proof.story.killer.hits) for proof in proofs)
    sums = [sum(column) for column in zip(*map(_numbers, proofs), strict=True)] if proofs else [0] * 8
    bad = sum(bool(proof.faults) for proof in proofs)
    return f"{_line(('total', '', len(proofs), kills, *sums))} seeds with a fault: {bad}"


def _numbers(proof: Proof) -> tuple[int, ...]:
    counts = proof.counts
    known = (counts["delivered"], counts["failed"], counts["unknown"])
    return len(proof.story.numbers), proof.sent, *known, proof.again, proof.lost, proof.doubled


def _line(values: Sequence[object]) -> str:
    cells = (f" {value!s:>{width}} " for value, width in zip(values, _WIDTHS, strict=True))
    return f"|{'|'.join(cells)}|"


def _wrong(proof: Proof) -> str:
    return "".join(_marked(proof.faults))


def _marked(faults: Sequence[str]) -> Iterator[str]:
    return (f" FAULT {fault}" for fault in faults)
