"""A page as the tree that a browser makes of it, printed so that two texts are equal exactly when nobody can see a difference.

How the template is formatted does not show: attributes and classes are sorted, white space is collapsed and dropped where a
browser drops it. Where a browser shows a blank, one is kept; at the edge of a line it is printed as ␣."""

import json
import re
from html.parser import HTMLParser
from typing import Any

from tests.golden.display import Styles, styles

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# SVG's elements that may close themselves.
LEAVES = {"path", "circle", "rect", "ellipse", "line", "polygon", "polyline", "use", "stop"}
_BLANKS = re.compile(r"[ \t\n\r\f]+")


class Node:
    """An element with `children`: elements and texts (`[str]`, so that a text can be changed in place)."""

    def __init__(self, tag: str, attributes: dict[str, str | None], parent: "Node | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Any] = []
        self.place: int | None = None  # display.py's

    def walk(self) -> Any:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def find(self, tag: str, **attributes: str) -> "Node | None":
        for node in self.walk():
            if node.tag == tag and all(node.attributes.get(name) == value for name, value in attributes.items()):
                return node
        return None


class _Reader(HTMLParser):
    """Builds the tree. Raises AssertionError where an end tag has no beginning: then a browser guesses."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node("", {}, None)
        self.feed(html)
        self.close()
        assert self.at is self.root, f"<{self.at.tag}> is not closed"

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        node = Node(tag, dict(attrs), self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            assert tag in LEAVES, f"<{tag}/> does not close itself in HTML"
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        self.at = self.at.parent or self.root

    def handle_data(self, data: str) -> None:
        if self.at.tag in ("pre", "textarea") and not self.at.children:
            data = data.removeprefix("\r").removeprefix("\n")
        if data:
            self.at.children.append([data])

    def handle_comment(self, data: str) -> None:
        pass


class _Flow:
    """One line-up of text and inline elements: which blanks in it are seen."""

    def __init__(self, look: Styles) -> None:
        self._look = look
        self._at_start = True
        self._pending: list[str] | None = None  # the text whose last blank goes if a line ends here

    def inside(self, node: Node, space: str = "normal") -> None:
        for child in node.children:
            if isinstance(child, Node):
                self._element(child, space)
            elif space.startswith("pre"):
                self._kept(child, space)
            else:
                self.text(child)

    def end(self) -> None:
        """A line ends."""
        if self._pending:
            self._pending[0] = self._pending[0].removesuffix(" ")
        self._at_start, self._pending = True, None

    def text(self, text: list[str]) -> None:
        found = _BLANKS.sub(" ", text[0])
        if self._at_start or self._pending:
            found = found.removeprefix(" ")
        text[0] = found
        if found:
            self._at_start = False
            self._pending = text if found.endswith(" ") else None

    def _kept(self, text: list[str], space: str) -> None:
        if space == "pre-line":
            text[0] = re.sub(r" *\n *", "\n", re.sub(r"[ \t]+", " ", text[0]))
        self._at_start, self._pending = False, None

    def _element(self, node: Node, space: str) -> None:
        told = self._look.of(node)
        display, space = told["display"], told.get("white-space", space)
        if display == "none" or told.get("float", "none") != "none" or told.get("position") in ("absolute", "fixed"):
            lay_out(node, self._look, display, space)  # where it stands breaks no line and fills none
        elif node.tag == "br":
            self.end()
        elif display == "inline":
            self.inside(node, space)
        elif display.startswith("inline"):
            lay_out(node, self._look, display, space)
            self._at_start, self._pending = False, None
        else:
            self.end()
            lay_out(node, self._look, display, space)


def lay_out(node: Node, look: Styles, display: str, space: str) -> None:
    """Drop from an element with a line-up of its own what is not seen."""
    if node.tag in ("script", "style"):
        return
    flow = _Flow(look)
    if "flex" not in display and "grid" not in display:
        flow.inside(node, space)
        flow.end()
        return
    for child in node.children:  # each is laid out alone
        flow.end()
        if isinstance(child, Node):
            told = look.of(child)
            lay_out(child, look, told["display"], told.get("white-space", space))
        else:
            flow.text(child)
    flow.end()


def read(html: str) -> Node:
    """The tree of a page or of a piece of one, with nothing in it that is not seen."""
    root = _Reader(html).root
    sheets = [node for node in root.walk() if node.tag == "link" and node.attributes.get("rel") == "stylesheet"]
    paths = [
        (node.attributes.get("href") or "").removeprefix("/static/")
        for node in sheets
        if node.attributes.get("media") != "print"
    ]
    lay_out(root, styles(tuple(paths)), "block", "normal")
    return root


def printed(node: Node) -> list[str]:
    """One element a line, indented; a text stands behind its element where it is all that is in it."""
    texts = [child for child in node.children if not isinstance(child, Node)]
    content = "".join(text[0] for text in texts)
    head = _tag(node)
    if node.tag == "script":
        return [head, *_script(node, content)]
    if len(texts) == len(node.children) and "\n" not in content:
        return [head + _shown(content)]
    lines = [head] if head else []
    for child in node.children:
        inner = printed(child) if isinstance(child, Node) else _lines(child[0])
        lines += [("  " if head else "") + line for line in inner]
    return lines


def _tag(node: Node) -> str:
    if not node.tag:
        return ""
    parts = [node.tag]
    for name, value in sorted(node.attributes.items()):
        if name == "class":
            value = " ".join(sorted((value or "").split()))
            if not value:
                continue
        shown = (value or "").replace("&", "&amp;").replace('"', "&quot;").replace("\n", "&#10;")
        parts.append(name if not value else f'{name}="{shown}"')
    return f"<{' '.join(parts)}>"


def _lines(text: str) -> list[str]:
    return [_shown(line) for line in text.split("\n")] if text else []


def _shown(text: str) -> str:
    text = text.replace("\u00a0", "&nbsp;")
    inner = text.strip(" ")
    before = len(text) - len(text.lstrip(" ")) if inner else len(text)
    return "␣" * before + inner + "␣" * (len(text) - len(inner) - before)


def _script(node: Node, content: str) -> list[str]:
    if not content.strip():
        return []
    if node.attributes.get("type") == "application/json":
        text = json.dumps(json.loads(content), ensure_ascii=False, indent=1, sort_keys=True)
        return ["  " + line for line in text.split("\n")]
    return ["  " + line for line in content.split("\n")]
