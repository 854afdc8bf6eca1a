"""How a browser lays an element out, as far as it decides which white space is seen: the defaults of HTML and the rules of our
style sheets, read from the files that the page names. Rules for narrow windows and for print do not count."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from django.contrib.staticfiles import finders

TOLD = ("display", "white-space", "float", "position")
NONE = "head script style template noscript datalist title meta link symbol defs"
INLINE = (
    "a abbr b bdi bdo br cite code data dfn em i kbd label mark q s samp small span strong sub sup time tspan u var wbr"
)
ATOMIC = "audio button canvas iframe img input meter object picture progress select svg textarea video"
_DEFAULTS = {
    **dict.fromkeys(NONE.split(), "none"),
    **dict.fromkeys(INLINE.split(), "inline"),
    **dict.fromkeys(ATOMIC.split(), "inline-block"),
}


class Element(Protocol):
    tag: str
    attributes: Mapping[str, str | None]
    children: list[Any]
    parent: Any
    place: int | None


@dataclass(frozen=True)
class Simple:
    """One compound selector: what is asked of one element."""

    tag: str
    id: str
    classes: frozenset[str]
    attributes: tuple[tuple[str, str | None], ...]
    pseudos: tuple[tuple[str, str], ...]

    @property
    def weight(self) -> tuple[int, int, int]:
        inner = [one.weight for name, given in self.pseudos if name in ("not", "is") for one in _compounds(given)]
        middle = len(self.classes) + len(self.attributes) + sum(name not in ("not", "is") for name, _ in self.pseudos)
        parts = [(bool(self.id), middle, bool(self.tag)), *inner]
        return tuple(sum(part) for part in zip(*parts, strict=True))  # type: ignore[return-value]

    def fits(self, element: Element) -> bool:
        given = element.attributes
        return (
            self.tag in ("", element.tag)
            and self.id in ("", given.get("id"))
            and self.classes <= set((given.get("class") or "").split())
            and all(name in given and value in (None, given[name]) for name, value in self.attributes)
            and all(_is(element, name, value) for name, value in self.pseudos)
        )


def _is(element: Element, name: str, given: str) -> bool:
    if name == "link":
        return element.tag == "a" and "href" in element.attributes
    if name == "empty":
        return not element.children
    if name in ("not", "is"):
        return any(one.fits(element) for one in _compounds(given)) == (name == "is")
    return name == "root" and element.tag == "html"  # hover, focus, target, has …: as the page is first seen, none


@dataclass(frozen=True)
class Rule:
    """`steps` from the element itself upwards: (combinator to the next outer one, compound)."""

    steps: tuple[tuple[str, Simple], ...]
    weight: tuple[int, int, int]
    declarations: tuple[tuple[str, str], ...]

    def fits(self, element: Element, at: int = 0) -> bool:
        combinator, compound = self.steps[at]
        if not compound.fits(element):
            return False
        if at + 1 == len(self.steps):
            return True
        outer = element.parent
        while outer is not None:
            if self.fits(outer, at + 1):
                return True
            outer = outer.parent if combinator == " " else None
        return False


_COMPOUND = re.compile(
    r"(?P<tag>[a-z][a-z0-9]*)|\*|#(?P<id>[\w-]+)|\.(?P<class>[\w-]+)"
    r"|\[(?P<attribute>[\w-]+)(?:=[\"']?(?P<value>[^\"'\]]*)[\"']?)?\]"
    r"|:(?P<pseudo>[a-z-]+)(?:\((?P<given>(?:[^()]|\([^()]*\))*)\))?"
)


@cache
def _compound(text: str) -> Simple:
    tag = own_id = ""
    classes, attributes, pseudos = set(), [], []
    for found in _COMPOUND.finditer(text):
        tag, own_id = found["tag"] or tag, found["id"] or own_id
        if found["class"]:
            classes.add(found["class"])
        if found["attribute"]:
            attributes.append((found["attribute"], found["value"]))
        if found["pseudo"]:
            pseudos.append((found["pseudo"], found["given"] or ""))
    return Simple(tag, own_id, frozenset(classes), tuple(attributes), tuple(pseudos))


@cache
def _compounds(text: str) -> list[Simple]:
    return [_compound(one) for one in _apart(text, ",")]


def _apart(text: str, separator: str) -> list[str]:
    """Split where the separator stands outside of brackets."""
    parts = re.split(rf"{separator}(?![^(\[]*[)\]])", text)
    return [part.strip() for part in parts if part.strip()]


def _selector(text: str) -> tuple[tuple[str, Simple], ...] | None:
    """None for what names no element: pseudo-elements; and for siblings, which decide no white space here."""
    if "::" in text or re.search(r"[+~](?![^(\[]*[)\]])", text):
        return None
    steps: list[tuple[str, Simple]] = []
    combinator = " "
    for part in _apart(re.sub(r"\s*>\s*", " > ", text), r"\s+"):
        if part == ">":
            combinator = ">"
            continue
        steps.append((combinator, _compound(part)))
        combinator = " "
    inward = [(how, compound) for how, compound in reversed(steps)]
    return tuple(inward)


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) outside of @ rules."""
    at = 0
    while (opens := css.find("{", at)) >= 0:
        head, end = css[at:opens].rpartition(";")[2].strip(), css.find("}", opens)
        if head.startswith("@"):
            depth, end = 1, opens
            while depth:
                end = min(place for place in (css.find("{", end + 1), css.find("}", end + 1)) if place >= 0)
                depth += 1 if css[end] == "{" else -1
        else:
            yield head, css[opens + 1 : end]
        at = end + 1


@cache
def rules_of(path: str) -> list[Rule]:
    """Of one style sheet, by its path below /static/."""
    file = finders.find(path)
    css = re.sub(r"/\*.*?\*/", "", Path(str(file)).read_text(encoding="utf-8"), flags=re.DOTALL)
    found = []
    for selectors, body in _blocks(css):
        pairs = [line.partition(":")[::2] for line in body.split(";") if ":" in line]
        told = tuple(
            (name.strip(), value.replace("!important", "").strip()) for name, value in pairs if name.strip() in TOLD
        )
        for selector in _apart(selectors, ",") if told else ():
            if steps := _selector(selector):
                weights = [compound.weight for _how, compound in steps]
                found.append(Rule(steps, tuple(map(sum, zip(*weights, strict=True))), told))  # type: ignore[arg-type]
    return found


class Styles:
    """The rules of a page, from the paths of its style sheets in their order."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._by_key: dict[str, list[tuple[int, Rule]]] = {}
        self._told: dict[Any, dict[str, str]] = {}
        for number, rule in enumerate(rule for path in paths for rule in rules_of(path)):
            compound = rule.steps[0][1]
            key = (
                f"#{compound.id}" if compound.id else f".{min(compound.classes)}" if compound.classes else compound.tag
            )
            self._by_key.setdefault(key, []).append((number, rule))

    def of(self, element: Element) -> dict[str, str]:
        """The declarations that hold for an element, of those in TOLD."""
        place = self._place(element)
        if place not in self._told:
            self._told[place] = self._read(element)
        return self._told[place]

    def _place(self, element: Element | None) -> Any:
        """The same for all elements that no rule tells apart."""
        if element is None:
            return ()
        if element.place is None:
            given = sorted((name, "" if name in _ANY_VALUE else value) for name, value in element.attributes.items())
            element.place = hash((element.tag, *given, not element.children, self._place(element.parent)))
        return element.place

    def _read(self, element: Element) -> dict[str, str]:
        found = {"display": _DEFAULTS.get(element.tag, "block")}
        if element.tag in ("pre", "textarea"):
            found["white-space"] = "pre"
        given = element.attributes
        keys = ["", element.tag, f"#{given.get('id')}", *(f".{one}" for one in (given.get("class") or "").split())]
        fitting = [
            (rule.weight, number, rule)
            for key in keys
            for number, rule in self._by_key.get(key, ())
            if rule.fits(element)
        ]
        for _weight, _number, rule in sorted(fitting, key=lambda one: one[:2]):
            found |= dict(rule.declarations)
        if "hidden" in given or (element.tag == "input" and given.get("type") == "hidden"):
            found["display"] = "none"
        return found


# Attributes by whose value no rule tells elements apart.
_ANY_VALUE = {
    "href",
    "value",
    "name",
    "title",
    "for",
    "aria-label",
    "aria-labelledby",
    "aria-describedby",
    "datetime",
    "action",
}
_ANY_VALUE |= {"d", "points", "x", "y", "width", "height", "placeholder", "data-label", "data-said", "src", "alt"}


@cache
def styles(paths: tuple[str, ...]) -> Styles:
    return Styles(paths)
