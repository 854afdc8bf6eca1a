"""A version as rows of place and value: for reading without JavaScript, for printing, for comparing."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from templates_5g.blocks import Problem
from templates_5g.choice_labels import CHOICE_WORDS
from templates_5g.linter import Finding
from templates_5g.models import MediaAsset
from templates_5g.path_labels import place
from templates_5g.problems import by_path, sentence
from templates_5g.services.compare import Difference, leaves, leaves_of


@dataclass(frozen=True)
class Row:
    """`path` for anchors, `place` and `value` for people, `asset` where the value is a file."""

    path: str
    place: str
    value: str
    asset: MediaAsset | None = None
    problems: list[str] = field(default_factory=list)


def rows(
    content: Mapping[str, object],
    fallback: Mapping[str, object],
    assets: Mapping[str, MediaAsset],
    findings: Iterable[Finding] = (),
) -> list[Row]:
    """Every filled-in place in the order of the message; problems of empty places come as rows without a value."""
    problems = {path: [sentence(found.problem) for found in group] for path, group in by_path(findings).items()}
    found = [_row(path, value, assets, problems.pop(path, [])) for path, value in leaves(content, fallback) if value]
    return found + [Row(path, place(path), "", None, sentences) for path, sentences in problems.items()]


def _row(path: str, value: object, assets: Mapping[str, MediaAsset], problems: list[str]) -> Row:
    asset = assets.get(str(value)) if path.endswith((".asset", ".thumbnail")) else None
    return Row(path, place(path), asset.name if asset else readable(path, value), asset, problems)


def readable(path: str, value: object) -> str:
    """A stored word (HORIZONTAL, open_url) in the reader's language, everything else as it is."""
    name = path.rpartition(".")[2]
    words = CHOICE_WORDS.get(name)
    if words is None or value is None:
        return "" if value is None else str(value)
    return "、".join(str(words.get(part, part)) for part in str(value).split(", "))


def sentences(problems: Iterable[Problem]) -> list[str]:
    """Each problem as “place: what is wrong”."""
    return [f"{place(problem.path)}: {sentence(problem)}" for problem in problems]


@dataclass(frozen=True)
class Change:
    """One line of a comparison. `kind` is added, removed, moved or changed; the paths are for the two phones."""

    kind: str
    place: str
    before: SafeString
    after: SafeString
    before_asset: MediaAsset | None = None
    after_asset: MediaAsset | None = None
    old_path: str = ""
    new_path: str = ""


def changes(found: Iterable[Difference], assets: Mapping[str, MediaAsset]) -> list[Change]:
    """Differences for the page: what went is <del>, what came is <ins>, letter by letter."""
    return [_change(item, assets) for item in found]


def _change(item: Difference, assets: Mapping[str, MediaAsset]) -> Change:
    before, after = (_said(item, value, assets) for value in (item.before, item.after))
    left, right = marked(before.value, after.value)
    return Change(
        _kind_of(item), place(item.path), left, right, before.asset, after.asset, item.old_path, item.new_path
    )


def _kind_of(item: Difference) -> str:
    if item.moved:
        return "moved"
    if isinstance(item.after, Mapping):
        return "added"
    return "removed" if isinstance(item.before, Mapping) else "changed"


def _said(item: Difference, value: object, assets: Mapping[str, MediaAsset]) -> Row:
    if value is None:
        return Row(item.path, "", "")
    if item.moved:
        return Row(item.path, "", _("Place %(number)s") % {"number": value})
    if isinstance(value, Mapping):
        return Row(item.path, "", _summary(value, assets))
    return _row(item.path, value, assets, [])


def _summary(value: Mapping[str, object], assets: Mapping[str, MediaAsset]) -> str:
    """A whole card, button or page, one line for each thing that it says."""
    rows_of = (
        _row(path, leaf, assets, []) for path, leaf in leaves_of(value, "") if leaf and not path.endswith("data")
    )
    return "\n".join(f"{row.place}: {row.value}" for row in rows_of)


# Comparing letter by letter takes quadratic time; beyond this the whole texts are marked.
_LONGEST_COMPARED = 4000


def marked(before: str, after: str) -> tuple[SafeString, SafeString]:
    if len(before) + len(after) > _LONGEST_COMPARED:
        return format_html("<del>{}</del>", before), format_html("<ins>{}</ins>", after)
    pieces = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    left = ((("del" if tag != "equal" else "span"), before[a:b]) for tag, a, b, _c, _d in pieces if b > a)
    right = ((("ins" if tag != "equal" else "span"), after[c:d]) for tag, _a, _b, c, d in pieces if d > c)
    return _tagged(left), _tagged(right)


def _tagged(pieces: Iterable[tuple[str, str]]) -> SafeString:
    return format_html_join("", "<{0}>{1}</{0}>", pieces)
