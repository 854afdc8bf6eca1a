"""One word for one thing: names that were given up do not come back (docs/glossary.md has the words that stand)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import PRODUCT, ROOT, tracked

# As parts of a name, in small letters -> what says it now.
RETIRED = {
    "arm": "variant, or share for its part of the people",
    "arms": "variants",
    "booking": "reservation",
    "carrying": "media_transfer",
    "climbed": "changed",
    "deed": "act",
    "dear": "expensive",
    "flights": "in_flight",
    "homes": "resolve_attempts",
    "house_rules": "SendingPolicy",
    "lapse": "too_late",
    "lapsed": "too_late",
    "lease": "Mutex, Heartbeat or PendingJob",
    "leases": "Mutex, Heartbeat or PendingJob",
    "make_sheet": "make_report",
    "mend": "remedy",
    "news": "updates",
    "nudge": "enqueue",
    "pace": "rate, rate_limit",
    "paced": "rate_limited",
    "planning_rules": "AudienceQuery",
    "planning_sheet": "PreflightReport",
    "round_figures": "DispatchFigures",
    "rounds": "dispatches",
    "sending_rules": "SendingPolicy",
    "short_way": "fast_path",
    "sifting": "row_checks",
    "unsure": "unknown",
    "useless": "send_until, too_late",
    "vendor_word": "vendor_message",
    "weather": "account health",
    "wiring": "attempts",
}


def parts_of(name: str) -> str:
    """ "_SendingRules" -> "_sending_rules_": every part between underscores."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return f"_{'_'.join(parts).lower()}_"


def names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def retired(name: str) -> list[str]:
    return [word for word in RETIRED if f"_{word}_" in parts_of(name)]


def product() -> list[Path]:
    found = tracked(*PRODUCT, "tools/*.py")
    return [path for path in found if path.suffix == ".py" and not {"migrations", "tests"} & set(path.parts)]


def test_no_retired_word_is_used_in_a_name() -> None:
    found = set()
    for path in product():
        own = [part for part in path.relative_to(ROOT).with_suffix("").parts if part]
        for name in {*own, *names(ast.parse(path.read_text(encoding="utf-8")))}:
            found |= {f"{path.relative_to(ROOT)}: {name} has “{word}”; say {RETIRED[word]}" for word in retired(name)}
    assert sorted(found) == []


@pytest.mark.parametrize("name", ["SendingRules", "_sending_rules", "HAS_PACE", "paceOf", "is_useless_after", "Arm"])
def test_a_retired_word_is_seen_in_every_spelling(name: str) -> None:
    assert retired(name)


@pytest.mark.parametrize("name", ["space", "alarm", "charm_of", "Newsletter", "rules", "sending"])
def test_a_word_inside_another_is_left_alone(name: str) -> None:
    assert retired(name) == []


def test_the_glossary_defines_each_word_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    defined = [word for cell in words if cell != "word" for word in cell.split(", ")]
    assert len(defined) == len(set(defined)) > 50
    assert not [word for word in defined if retired(word.strip("`"))]
