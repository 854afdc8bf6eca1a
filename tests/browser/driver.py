"""The editor as a person uses it: typing, choosing, pressing keys; places are named by their path in the content."""

import json
import time
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.harness import Desk

COPIES = """() => new Promise((done, failed) => {
  const opening = indexedDB.open('songda-drafts', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('drafts', {keyPath: 'key'});
  opening.onerror = () => failed(opening.error);
  opening.onsuccess = () => {
    const reading = opening.result.transaction('drafts').objectStore('drafts').getAll();
    reading.onsuccess = () => { opening.result.close(); done(reading.result); };
  };
})"""


class Editor:
    def __init__(self, page: Page, url: str, desk: Desk | None = None) -> None:
        self.page = page
        self.url = url
        self.desk = desk

    def open(self) -> "Editor":
        self.page.goto(self.url)
        expect(self.page.locator("#template-editor[data-ready=true]")).to_be_attached()
        return self

    def at(self, path: str) -> Locator:
        return self.page.locator(f'[data-path="{path}"]')

    @property
    def phone(self) -> Locator:
        return self.page.locator(".phone")

    def kind(self, kind: str) -> None:
        self.at("kind").locator(f'input[value="{kind}"]').check()

    def type(self, path: str, text: str) -> None:
        self.at(path).fill(text)

    def choose(self, path: str, value: str) -> None:
        """A radio button of a choice, or an entry of a select."""
        place = self.at(path)
        if place.evaluate("element => element.tagName") == "SELECT":
            place.select_option(value)
        else:
            place.locator(f'input[value="{value}"]').check()

    def style(self, path: str, word: str) -> None:
        styles = self.page.locator("details.styles")
        if styles.get_attribute("open") is None:
            styles.locator("summary").click()
        self.at(path).get_by_label(word).check()

    def media(self, path: str, name: str) -> None:
        self.at(path).get_by_role("button", name="Choose").or_(
            self.at(path).get_by_role("button", name="Replace")
        ).click()
        self.page.locator("dialog.library .library-item", has_text=name).click()
        expect(self.page.locator("dialog.library")).to_have_count(0)

    def add(self, place: str) -> None:
        self.page.locator(f'[data-add="{place}"]').click()

    def suggestion(self, owner: str, kind: str, label: str, data: str = "", **fields: str) -> str:
        """Add a button to a card (`card`, `cards.0`) or a chip (owner ""); returns its path."""
        place = f"{owner}.suggestions" if owner else "suggestions"
        index = self.page.locator(f'[data-list="{place}"]').count()
        self.add(place)
        path = f"{place}.{index}"
        if kind != "reply":
            self.choose(f"{path}.kind", kind)
        self.type(f"{path}.label", label)
        if data:
            self.at(path).locator("details.data summary").click()
            self.type(f"{path}.data", data)
        for name, value in fields.items():
            if name == "application":
                self.choose(f"{path}.{name}", value)
            else:
                self.type(f"{path}.{name}", value)
        return path

    def unfold(self, path: str) -> None:
        fold = self.at(path).locator(".fold").first
        if fold.get_attribute("aria-expanded") == "false":
            fold.click()

    def save(self) -> dict[str, Any]:
        """Ctrl+S; returns what the server was given last."""
        before = len(self.desk.saves)
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".save-state")).to_contain_text("Saved today")
        assert len(self.desk.saves) >= before
        return self.desk.saves[-1]

    def submit(self) -> dict[str, Any]:
        """The form as it is posted: content and fallback read back from their JSON."""
        self.page.locator("#submit").click()
        expect(self.page.locator("#done")).to_be_visible()
        posted = self.desk.submitted
        return {**posted, "content": json.loads(posted["content"]), "fallback": json.loads(posted["fallback"])}

    def copies(self) -> list[dict[str, Any]]:
        """What this browser keeps of unsaved texts, read as another tab would read it."""
        return self.page.evaluate(COPIES)

    def has_copy(self, text: str, within: float) -> bool:
        """Whether a copy with this text is on the disk within so many seconds from now."""
        until = time.monotonic() + within
        while True:
            if any(text in json.dumps(one, ensure_ascii=False) for one in self.copies()):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.02)

    def problems_at(self, path: str) -> list[str]:
        ident = "#e-" + path.replace(".", "-") + "-problems"
        return self.page.locator(f"{ident} .problem").all_inner_texts()
