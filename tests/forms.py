"""What a browser sends for a form that stands on a page, left alone or with a few fields changed."""

from html.parser import HTMLParser
from typing import Any


class _Forms(HTMLParser):
    """Each POST form of the page as field -> values."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[dict[str, list[str]]] = []
        self._form: dict[str, list[str]] | None = None
        self._select = self._textarea = ""
        self._first = True
        self.feed(html)

    def _add(self, name: str, value: str) -> None:
        if self._form is not None:
            self._form.setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = {}
            if given.get("method", "").lower() == "post":
                self.forms.append(self._form)
        name = given.get("name", "")
        if tag == "input" and name and "disabled" not in given:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio"):
                if "checked" in given:
                    self._add(name, given.get("value", "on"))
            elif kind not in ("file", "submit", "button"):
                self._add(name, given.get("value", ""))
        elif tag == "textarea":
            self._textarea = name
            self._add(name, "")
            self._first = True
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self._add(self._select, given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            text = data.removeprefix("\r").removeprefix("\n") if self._first else data
            self._first = False
            self._form[self._textarea][-1] += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""
        elif tag == "form":
            self._form = None


def sent(page: Any, **changes: Any) -> dict[str, Any]:
    """The fields of the change form on this response, with `changes`; None takes a field away (an unticked box)."""
    html = page.content.decode() if hasattr(page, "content") else page
    forms = [form for form in _Forms(html).forms if "_loaded" in form]
    assert len(forms) == 1, f"{len(forms)} guarded forms"
    values: dict[str, Any] = {**forms[0], **changes}
    return {name: value for name, value in values.items() if value is not None}


def saved(client: Any, url: str, data: dict[str, Any]) -> Any:
    """`data` posted as it is, with what the page showed."""
    return client.post(url, {**data, "_loaded": sent(client.get(url))["_loaded"]})
