"""axe-core finds no serious fault: light and dark, wide and narrow, with dialogs and menus open, two versions compared."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from tests.browser.driver import Editor
from tests.browser.test_kinds import CONTENTS

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RUN = """async () => (await axe.run(document.querySelector('#template-editor'), {resultTypes: ['violations']})).violations
  .filter((one) => ['serious', 'critical'].includes(one.impact))
  .map((one) => one.id + ': ' + one.nodes.map((node) =>
    node.html.slice(0, 160) + ' ' + (node.any[0]?.message || '')).join(' | '))"""


def faults(editor: Editor) -> list[str]:
    editor.page.evaluate(AXE.read_text())
    return editor.page.evaluate(RUN)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", CONTENTS)
def test_no_serious_fault(editor: Editor, name: str, theme: str) -> None:
    editor.desk.theme = theme
    editor.desk.content = CONTENTS[name]
    if CONTENTS[name]["kind"] not in ("mms", "sms"):
        editor.desk.fallback = {"sms": {"text": "plain ${name}"}}
    editor.open()
    assert faults(editor) == []


def test_no_serious_fault_in_the_library_and_with_problems(editor: Editor) -> None:
    editor.open()
    editor.add("card.suggestions")
    expect(editor.page.locator(".problem-bar")).to_contain_text("to mend")
    editor.page.locator(".badge-button").click()
    editor.at("card.media").get_by_role("button", name="Choose").click()
    expect(editor.page.locator(".library-item")).to_have_count(6)
    assert faults(editor) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["text", "carousel", "mms"])
def test_no_serious_fault_on_a_telephone(editor: Editor, name: str, theme: str) -> None:
    editor.page.set_viewport_size({"width": 390, "height": 844})
    editor.desk.theme = theme
    editor.desk.content = CONTENTS[name]
    editor.open()
    editor.page.locator(".menu-open").first.click()
    expect(editor.page.get_by_role("menu")).to_be_visible()
    assert faults(editor) == []
    editor.page.locator(".panes").get_by_role("tab", name="Preview").click()
    assert faults(editor) == []
