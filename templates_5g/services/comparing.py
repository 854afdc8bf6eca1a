"""What differs between two versions, by path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from templates_5g.models import TemplateVersion


@dataclass(frozen=True)
class Difference:
    """`before` or `after` is None where the path exists on one side alone. Values are texts and numbers, no objects."""

    path: str
    before: Any
    after: Any


def differences(old: TemplateVersion, new: TemplateVersion) -> list[Difference]:
    """Every leaf that differs, in the order of the message; paths as in templates_5g.blocks."""
    before = dict(leaves(old.content, old.fallback))
    after = dict(leaves(new.content, new.fallback))
    paths = dict.fromkeys([*before, *after])
    return [
        Difference(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)
    ]


def leaves(content: Mapping[str, Any], fallback: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(path, value) of everything in dumped content and fallback; an empty value is None, a list of words one text."""
    yield from _leaves(content, "")
    yield from _leaves(fallback, "fallback")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}")
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value)) or None
    else:
        yield path, value or None
