"""Pages read as a browser would read them: what a strict policy refuses, what text is shown, where links lead."""

from html.parser import HTMLParser
from typing import Any

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """`refused` lists what `script-src 'self'; style-src 'self'` would block; `links` the addresses; `text` what is shown."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.refused: list[str] = []
        self.links: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.inputs: dict[str, dict[str, str]] = {}
        self.words: list[str] = []
        self.open: list[str] = []
        self.lang = ""
        self._script: dict[str, str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        for name in values:
            if name == "style" or name.startswith("on"):
                self.refused.append(f"<{tag} {name}=…>")
        if tag == "style":
            self.refused.append("<style>")
        if tag == "script":
            self._script = values
            if values.get("src", "/").startswith(("http:", "https:", "//")):
                self.refused.append(f"<script src={values['src']}>")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "form":
            self.forms.append(values)
        if tag in ("input", "select", "textarea", "button") and values.get("name"):
            self.inputs[values["name"]] = values
        if tag == "html":
            self.lang = values.get("lang", "")
        for name in ("placeholder", "title", "aria-label"):
            if values.get(name):
                self.words.append(values[name])

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            kind = (self._script or {}).get("type", "")
            if data.strip() and kind != "application/json":
                self.refused.append("<script> with a body")
            return
        if data.strip() and inside not in ("style", "textarea"):
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(response: Any) -> Page:
    """The page of a test client's response."""
    return Page(response.content.decode())
