"""The copy that the browser keeps of what the server does not have: written within a second, offered again, gone once saved."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from tests.browser import harness
from tests.browser.conftest import WITH_DISK
from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel

TITLE = "cards.0.title"


@pytest.fixture
def broken(editor: Editor, complaints: Any) -> Iterator[Editor]:
    """An editor whose server takes nothing."""
    editor.desk.content = carousel(card("A"), card("B"))
    editor.desk.broken_saves = 1000
    yield editor.open()
    complaints.found = [one for one in complaints.found if "502" not in one and "409" not in one]


def leave(editor: Editor) -> None:
    """Close the tab and open the same page in another one, as after a crash: nobody is asked."""
    context = editor.page.context
    editor.page.close(run_before_unload=False)
    editor.page = context.new_page()
    editor.page.set_default_timeout(5000)
    editor.open()


def offers(editor: Editor) -> Any:
    return editor.page.locator(".draft-offer")


def test_every_key_is_in_the_browser_within_a_second_also_without_a_pause(broken: Editor) -> None:
    title = broken.at(TITLE)
    title.focus()
    for letter in "abcdefghijkl":
        broken.page.keyboard.type(letter)
        assert broken.has_copy(f'"A{letter}"' if letter == "a" else letter, within=1)
    late = []
    for number in range(6):
        broken.page.keyboard.type(f"{number}")
        typed = time.monotonic()
        for _ in range(4):
            broken.page.keyboard.type("-")
        broken.has_copy(f"{number}-", within=3)
        late.append(time.monotonic() - typed)
    assert max(late) < 1, late


def test_what_the_server_has_is_kept_no_longer(editor: Editor) -> None:
    editor.desk.content = carousel(card("A"), card("B"))
    editor.open()
    editor.type(TITLE, "New")
    assert editor.has_copy("New", within=1)
    editor.save()
    editor.page.wait_for_timeout(300)
    assert editor.copies() == []


def test_a_lost_text_is_offered_and_restored_and_saved(broken: Editor) -> None:
    broken.type(TITLE, "Lost work")
    assert broken.has_copy("Lost work", within=1)
    leave(broken)
    expect(offers(broken)).to_have_count(1)
    expect(offers(broken)).to_contain_text("typed today")
    expect(offers(broken)).not_to_contain_text("changed since")
    expect(broken.at(TITLE)).to_have_value("A")
    broken.desk.broken_saves = 0
    offers(broken).get_by_role("button", name="Restore it").click()
    expect(broken.at(TITLE)).to_have_value("Lost work")
    expect(broken.page.locator(".save-state")).to_have_text("Saved today 11:20")
    assert broken.desk.saves[-1]["content"]["cards"][0]["title"] == "Lost work"
    leave(broken)
    expect(offers(broken)).to_have_count(0)


def test_a_restored_text_does_not_overwrite_what_a_colleague_saved(broken: Editor) -> None:
    broken.type(TITLE, "Mine")
    assert broken.has_copy("Mine", within=1)
    broken.desk.edited = 5
    broken.desk.content = broken.desk.rival = carousel(card("Theirs"), card("B"))
    broken.desk.rival = {"content": broken.desk.rival, "fallback": {}}
    leave(broken)
    broken.desk.broken_saves = 0
    expect(offers(broken)).to_contain_text("changed since")
    offers(broken).get_by_role("button", name="Restore it").click()
    dialog = broken.page.locator("dialog.conflict")
    expect(dialog.locator("tbody tr")).to_have_text(["cards.0.titleMineTheirs"])
    assert broken.desk.saves == []
    dialog.get_by_role("button", name="Keep mine").click()
    expect(broken.page.locator(".save-state")).to_have_text("Saved today 11:20")
    assert broken.desk.content["cards"][0]["title"] == "Mine"


def test_a_text_that_is_thrown_away_can_be_fetched_back(broken: Editor) -> None:
    broken.type(TITLE, "Lost work")
    assert broken.has_copy("Lost work", within=1)
    leave(broken)
    offers(broken).get_by_role("button", name="Throw it away").click()
    expect(offers(broken)).to_have_count(0)
    broken.page.locator(".toast button").click()
    expect(offers(broken)).to_have_count(1)
    offers(broken).get_by_role("button", name="Throw it away").click()
    expect(offers(broken)).to_have_count(0)
    leave(broken)
    expect(offers(broken)).to_have_count(0)


def test_two_tabs_keep_a_copy_each(broken: Editor) -> None:
    other = Editor(broken.page.context.new_page(), broken.url, broken.desk).open()
    broken.type(TITLE, "One")
    other.type(TITLE, "Other")
    assert broken.has_copy("One", within=1)
    assert broken.has_copy("Other", within=1)
    assert len(broken.copies()) == 2
    third = Editor(broken.page.context.new_page(), broken.url, broken.desk).open()
    third.page.wait_for_timeout(300)
    expect(offers(third)).to_have_count(0)  # both are being written in tabs that are open
    other.page.close(run_before_unload=False)
    third.page.reload()
    expect(offers(third)).to_have_count(1)
    third.page.close(run_before_unload=False)


def test_another_persons_copy_is_not_offered(broken: Editor) -> None:
    broken.type(TITLE, "Lost work")
    assert broken.has_copy("Lost work", within=1)
    broken.desk.config = {"person": 2}
    leave(broken)
    broken.page.wait_for_timeout(300)
    expect(offers(broken)).to_have_count(0)
    assert len(broken.copies()) == 1


def test_a_copy_of_another_version_of_the_template_is_offered_and_never_saved_unasked(broken: Editor) -> None:
    broken.type(TITLE, "Typed upon version 1")
    assert broken.has_copy("Typed upon", within=1)
    version = {
        **harness.config()["version"],
        "id": 2,
        "number": 2,
        "saved_by": "Li",
        "saved_at": harness.today("11:18"),
    }
    broken.desk.config = {"version": version}
    broken.desk.rival = {"content": carousel(card("A"), card("B")), "fallback": {}}
    leave(broken)
    broken.desk.broken_saves = 0
    expect(offers(broken)).to_contain_text("changed since (Li, today 11:18)")
    offers(broken).get_by_role("button", name="Restore it").click()
    expect(broken.page.locator("dialog.conflict")).to_be_visible()
    assert broken.desk.saves == []


def test_where_the_browser_keeps_nothing_it_says_so(broken: Editor) -> None:
    broken.page.add_init_script("IDBFactory.prototype.open = () => { throw new Error('refused'); }")
    broken.open()
    broken.type(TITLE, "New")
    broken.page.keyboard.press("Control+s")
    expect(broken.page.locator(".save-copy")).to_have_text("This browser keeps no copy: do not close this page.")


def test_copies_are_few_and_none_is_older_than_a_month(broken: Editor) -> None:
    broken.page.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open('songda-drafts', 1);
          opening.onsuccess = () => {
            const drafts = opening.result.transaction('drafts', 'readwrite');
            for (let day = 0; day < 40; day += 1) drafts.objectStore('drafts').put({
              key: 'old' + day, person: '1', template: 1, version: 1, edited: 0, purpose: 'marketing',
              typedAt: Date.now() - day * 86400000, content: {kind: 'text', text: 'day ' + day}, fallback: {}});
            drafts.oncomplete = () => { opening.result.close(); done(); };
          };
        })"""
    )
    leave(broken)
    expect(offers(broken)).to_have_count(3)
    assert sorted(one["key"] for one in broken.copies()) == sorted(f"old{day}" for day in range(20))


@contextlib.contextmanager
def a_browser(browser_type: BrowserType, args: dict, folder: Path) -> Iterator[BrowserContext]:
    context = browser_type.launch_persistent_context(str(folder), **args)
    try:
        yield context
    finally:
        with contextlib.suppress(Exception):
            context.close()


def kill(folder: Path) -> None:
    """SIGKILL to every process of the browser that works in this folder."""
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and str(folder).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(WITH_DISK is None, reason="Chromium is not installed (package: chromium)")
def test_a_browser_killed_while_somebody_types_loses_at_most_a_second(
    browser_type: BrowserType, browser_type_launch_args: dict, tmp_path: Path, page: Page, harness_url: str, desk: Any
) -> None:
    desk.content = carousel(card("A"), card("B"))
    desk.broken_saves = 1000
    folder, launch_args = tmp_path / "profile", {**browser_type_launch_args, "executable_path": WITH_DISK}
    typed: list[tuple[float, int]] = []
    with a_browser(browser_type, launch_args, folder) as context:
        editor = Editor(context.pages[0], f"{harness_url}/editor/", desk).open()
        editor.at(TITLE).focus()
        until = time.monotonic() + 4
        while time.monotonic() < until:
            editor.page.keyboard.type("x")
            typed.append((time.monotonic(), len(typed) + 1))
            time.sleep(0.03)
        kill(folder)
        killed = time.monotonic()
    with a_browser(browser_type, launch_args, folder) as context:
        editor = Editor(context.pages[0], f"{harness_url}/editor/", desk).open()
        offers(editor).get_by_role("button", name="Restore it").click()
        kept = editor.at(TITLE).input_value().count("x")
    must = max(count for at, count in typed if at <= killed - 1)
    assert kept >= must > 20, (kept, must, len(typed))
