"""`${name}`: found, checked and filled. A value is inserted as it is and never expanded again."""

import re
from collections.abc import Iterator, Mapping, MutableMapping

# A name is what stands between ${ and }, without braces, dollar or line break; names match exactly (a1 is not a10).
PATTERN = re.compile(r"\$\{([^${}\r\n]{1,40})\}")
# As many as a recipients' file may have columns; a name more has no column to come from.
MOST_VARIABLES = 200
# Filled by a vendor's own short-link service, so they are no columns of the recipients' file. Content knows no vendor: each
# declares its own, and messaging puts them in here when the apps are ready.
VENDOR_VARIABLES: set[str] = set()


def names_in(text: str) -> list[str]:
    """The variable names in order of appearance, each once."""
    return list(dict.fromkeys(PATTERN.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Every ${name} replaced by its value; a name without a value stays as it is, so that nothing vanishes unseen."""
    return PATTERN.sub(lambda match: str(values.get(match[1], match[0])), text)


def filled(dumped: Mapping[str, object], values: Mapping[str, str]) -> MutableMapping[str, object]:
    """A copy of dumped content with every text filled, whatever its depth."""
    return {key: _filled(item, values) for key, item in dumped.items()}


def _filled(part: object, values: Mapping[str, str]) -> object:
    if isinstance(part, str):
        return fill(part, values)
    if isinstance(part, Mapping):
        return filled(part, values)
    return [_filled(item, values) for item in part] if isinstance(part, list) else part


def texts_of(value: object) -> Iterator[str]:
    """Every text in dumped content, whatever its depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def names_of(*dumped: object) -> list[str]:
    """The recipients' variables in content and fallback (as dumped), each once, without the vendors' own."""
    found: dict[str, None] = {}
    for part in dumped:
        for text in texts_of(part):
            found.update(dict.fromkeys(names_in(text)))
    return [name for name in found if name not in VENDOR_VARIABLES]
