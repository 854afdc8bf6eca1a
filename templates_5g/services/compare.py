"""What differs between two versions, by path. Cards, buttons and pages are matched before they are compared: one that was
put in front of the others does not make all of them look changed."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from templates_5g.models import TemplateVersion

Items = Sequence[Mapping[str, object]]
Pair = tuple[int | None, int | None]


@dataclass(frozen=True)
class Difference:
    """`path` is the place in the newer version, or in the older one where nothing took its place.

    `old_path` and `new_path` say where it stands on each side, "" where it does not. `before` and `after` are a text, a
    number or None; a whole card, button or page that came or went is its mapping; for one that was `moved` they are its
    places, counted from 1.
    """

    path: str
    before: object
    after: object
    old_path: str
    new_path: str
    moved: bool = False


def differences(old: TemplateVersion, new: TemplateVersion) -> list[Difference]:
    """Everything that differs, in the order of the message; paths as in templates_5g.blocks."""
    return [
        *_values(old.content, new.content, "", ""),
        *_values(old.fallback, new.fallback, "fallback", "fallback"),
    ]


def _values(old: object, new: object, old_path: str, new_path: str) -> Iterator[Difference]:
    left, right = old or new, new or old
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        yield from _mappings(left if old else {}, right if new else {}, old_path, new_path)
    elif _items(old) or _items(new):
        yield from _lists(_items(old), _items(new), old_path, new_path)
    elif _plain(old) != _plain(new):
        yield Difference(new_path, _plain(old), _plain(new), old_path, new_path)


def _mappings(
    old: Mapping[str, object], new: Mapping[str, object], old_path: str, new_path: str
) -> Iterator[Difference]:
    for key in dict.fromkeys([*new, *old]):
        yield from _values(old.get(key), new.get(key), _step(old_path, key), _step(new_path, key))


def _lists(old: Items, new: Items, old_path: str, new_path: str) -> Iterator[Difference]:
    pairs = _matched(old, new)
    staying = _in_order([before for before, after in pairs if before is not None and after is not None])
    for before, after in pairs:
        left = "" if before is None else _step(old_path, before)
        right = "" if after is None else _step(new_path, after)
        if before is None or after is None:
            yield Difference(
                right or left,
                None if before is None else old[before],
                None if after is None else new[after],
                left,
                right,
            )
            continue
        if before not in staying:
            yield Difference(right, before + 1, after + 1, left, right, moved=True)
        yield from _values(old[before], new[after], left, right)


# What makes two items the same one, the surest sign first.
_SIGNS: tuple[Callable[[Mapping[str, object]], object], ...] = (
    lambda item: repr(sorted(item.items(), key=lambda entry: entry[0])),
    lambda item: item.get("data"),
    lambda item: item.get("title") or item.get("label"),
    lambda item: item.get("text") or item.get("description"),
    lambda item: media.get("asset") if isinstance(media := item.get("media"), Mapping) else None,
)


def _matched(old: Items, new: Items) -> list[Pair]:
    """Each item of both sides once, in the order of the new; what went stands where it stood."""
    partner: dict[int, int] = {}
    left = list(range(len(old)))
    for sign in _SIGNS:
        for after in [index for index in range(len(new)) if index not in partner]:
            mark = sign(new[after])
            found = next((before for before in left if mark and sign(old[before]) == mark), None)
            if found is not None:
                partner[after] = found
                left.remove(found)
    for after in [index for index in range(len(new)) if index not in partner]:
        if after in left:
            partner[after] = after
            left.remove(after)
    pairs: list[Pair] = [(partner.get(after), after) for after in range(len(new))]
    for before in left:
        pairs.insert(min(before, len(pairs)), (before, None))
    return pairs


def _in_order(places: Sequence[int]) -> set[int]:
    """The longest run of old places that still stand in their order: everything else was moved."""
    tails: list[int] = []
    chains: list[list[int]] = []
    for place in places:
        at = bisect_left(tails, place)
        chain = [*(chains[at - 1] if at else []), place]
        tails[at : at + 1], chains[at : at + 1] = [place], [chain]
    return set(chains[-1]) if chains else set()


def _items(value: object) -> Items:
    """Cards, buttons or pages; nothing where the value is none of these."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _step(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def leaves(content: Mapping[str, object], fallback: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """(path, value) of everything in dumped content and fallback; an empty value is None, a list of words one text."""
    yield from leaves_of(content, "")
    yield from leaves_of(fallback, "fallback")


def leaves_of(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves_of(item, _step(path, key))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for index, item in enumerate(value):
            yield from leaves_of(item, _step(path, index))
    else:
        yield path, _plain(value)


def _plain(value: object) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or None
    return value or None
