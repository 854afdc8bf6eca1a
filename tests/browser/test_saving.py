"""Nothing typed is lost: autosave, Ctrl+S, two editors at once, leaving, locked versions, a server that fails."""

import time
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser import harness
from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel


@pytest.fixture
def two(editor: Editor) -> Editor:
    editor.desk.content = carousel(card("A"), card("B"))
    return editor.open()


def state(editor: Editor):
    return editor.page.locator(".save-state")


def test_control_s_saves(two: Editor) -> None:
    two.type("cards.0.title", "New")
    expect(state(two)).to_have_text("Not saved yet")
    assert two.save()["content"]["cards"][0]["title"] == "New"
    expect(state(two)).to_have_text("Saved today 11:20")
    expect(two.page.locator('input[name="edited"]')).to_have_value("1")


def test_leaving_a_field_saves(two: Editor) -> None:
    two.type("cards.0.title", "New")
    two.page.keyboard.press("Tab")
    expect(state(two)).to_have_text("Saved today 11:20")
    assert [one["content"]["cards"][0]["title"] for one in two.desk.saves] == ["New"]


def saves(editor: Editor, count: int) -> list[str]:
    """The titles saved so far, once there are so many; those of the first moment if there are never so many."""
    until = time.monotonic() + 3
    while len(editor.desk.saves) < count and time.monotonic() < until:
        time.sleep(0.02)
    return [one["content"]["cards"][0]["title"] for one in editor.desk.saves]


@pytest.fixture
def timed(editor: Editor) -> Editor:
    """The page's clock stands still unless it is told to run."""
    editor.page.clock.install()
    editor.desk.content = carousel(card("A"), card("B"))
    editor.open()
    editor.page.clock.pause_at(datetime.now() + timedelta(minutes=1))
    return editor


def test_two_seconds_after_the_last_key_it_is_saved(timed: Editor) -> None:
    clock = timed.page.clock
    timed.type("cards.0.title", "New")
    clock.run_for(1900)
    timed.at("cards.0.title").press("End")
    timed.page.keyboard.type("er")
    clock.run_for(1900)
    assert timed.desk.saves == []
    clock.run_for(200)
    assert saves(timed, 1) == ["Newer"]
    expect(state(timed)).to_have_text("Saved today 11:20")
    clock.run_for(60_000)
    assert len(timed.desk.saves) == 1


def test_who_types_without_a_pause_is_saved_every_ten_seconds(timed: Editor) -> None:
    timed.at("cards.0.title").press("End")
    for _second in range(10):
        timed.page.keyboard.type("x")
        timed.page.clock.run_for(1000)
    assert saves(timed, 1) == ["Axxxxxxxxxx"]
    expect(timed.page.locator('input[name="edited"]')).to_have_value("1")
    for _second in range(11):
        timed.page.keyboard.type("y")
        timed.page.clock.run_for(1000)
    assert len(saves(timed, 2)) == 2


def test_nothing_is_saved_while_an_input_method_composes(timed: Editor) -> None:
    field = timed.at("cards.0.title")
    field.dispatch_event("compositionstart")
    timed.type("cards.0.title", "ni")
    timed.page.clock.run_for(41_000)
    assert timed.desk.saves == []
    field.evaluate(
        "field => { for (const key of ['s', 'z']) field.dispatchEvent(new KeyboardEvent('keydown', "
        "{key, ctrlKey: true, isComposing: true, bubbles: true, cancelable: true})); }"
    )
    assert timed.desk.saves == []
    field.dispatch_event("compositionend")
    timed.page.clock.run_for(2100)
    assert saves(timed, 1) == ["ni"]


def rival(editor: Editor) -> None:
    editor.desk.edited = 5
    editor.desk.rival = {"content": carousel(card("Theirs"), card("B")), "fallback": {}}


def test_a_conflict_shows_what_differs_and_keeps_mine(two: Editor, complaints) -> None:
    rival(two)
    two.type("cards.0.title", "Mine")
    two.page.keyboard.press("Control+s")
    dialog = two.page.locator("dialog.conflict")
    expect(dialog.locator("h2")).to_have_text("Li changed this today 11:18")
    expect(dialog.locator("tbody tr")).to_have_text(["cards.0.titleMineTheirs"])
    dialog.get_by_role("button", name="Keep mine").click()
    expect(state(two)).to_have_text("Saved today 11:20")
    assert two.desk.saves[-1]["edited"] == 5
    assert two.desk.content["cards"][0]["title"] == "Mine"
    expect(two.page.locator('input[name="edited"]')).to_have_value("6")
    complaints.found = [one for one in complaints.found if "409" not in one]


def test_a_conflict_takes_theirs(two: Editor, complaints) -> None:
    rival(two)
    two.type("cards.0.title", "Mine")
    two.page.keyboard.press("Control+s")
    two.page.get_by_role("button", name="Take theirs").click()
    expect(two.at("cards.0.title")).to_have_value("Theirs")
    two.type("cards.0.title", "After")
    assert two.save()["edited"] == 5
    complaints.found = [one for one in complaints.found if "409" not in one]


def test_escape_decides_later_and_the_text_stays(two: Editor, complaints) -> None:
    rival(two)
    two.type("cards.0.title", "Mine")
    two.page.keyboard.press("Control+s")
    expect(two.page.locator("dialog.conflict")).to_be_visible()
    two.page.keyboard.press("Escape")
    expect(two.page.locator("dialog.conflict")).to_have_count(0)
    expect(two.at("cards.0.title")).to_have_value("Mine")
    assert two.desk.saves == []
    expect(state(two)).to_have_text("Not saved: Li changed this today 11:18")
    two.at("cards.0.title").press_sequentially("!")
    two.page.keyboard.press("Tab")
    two.page.wait_for_timeout(2500)
    expect(two.page.locator("dialog.conflict")).to_have_count(0)
    two.page.get_by_role("button", name="Compare and decide").click()
    two.page.get_by_role("button", name="Keep mine").click()
    expect(state(two)).to_have_text("Saved today 11:20")
    assert saves(two, 1) == ["Mine!"]
    complaints.found = [one for one in complaints.found if "409" not in one]


def test_leaving_with_unsaved_changes_asks(two: Editor) -> None:
    asked = []
    two.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    two.at("cards.0.title").press_sequentially("!")
    two.page.goto(two.url)
    assert asked == ["beforeunload"]


def test_leaving_after_saving_does_not_ask(two: Editor) -> None:
    asked = []
    two.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    two.at("cards.0.title").press_sequentially("!")
    two.save()
    two.page.goto(two.url)
    assert asked == []


def test_submitting_posts_what_is_on_screen_and_does_not_ask(two: Editor) -> None:
    two.type("cards.0.title", "Last word")
    posted = two.submit()
    assert posted["content"]["cards"][0]["title"] == "Last word"
    assert posted["purpose"] == "marketing"


def test_the_purpose_chosen_on_the_page_is_saved(two: Editor) -> None:
    two.page.locator('input[name="purpose"][value="notice"]').check()
    two.type("cards.0.title", "New")
    assert two.save()["purpose"] == "notice"


def test_a_failed_save_is_said_and_tried_again(two: Editor, complaints) -> None:
    two.desk.fail_saves = 1
    two.type("cards.0.title", "New")
    two.page.keyboard.press("Control+s")
    expect(state(two)).to_have_text("Not saved: the disk is full")
    two.type("cards.0.title", "Newer")
    two.page.keyboard.press("Tab")
    expect(state(two)).to_have_text("Saved today 11:20")
    complaints.found = [one for one in complaints.found if "500" not in one]


@pytest.mark.parametrize("failure", ["fail_saves", "broken_saves"])
def test_a_server_that_fails_is_asked_again_by_itself(two: Editor, complaints, failure: str) -> None:
    setattr(two.desk, failure, 2)
    two.type("cards.0.title", "New")
    two.page.keyboard.press("Control+s")
    reason = "the disk is full" if failure == "fail_saves" else "the server answered with error 502, trying again"
    expect(state(two)).to_have_text(f"Not saved: {reason}")
    expect(two.page.locator(".save-copy")).to_have_text("A copy is kept in this browser.")
    expect(state(two)).to_have_text("Saved today 11:20", timeout=9000)
    assert saves(two, 1) == ["New"]
    complaints.found = [one for one in complaints.found if " 50" not in one]


def test_a_form_is_not_posted_over_a_text_that_could_not_be_saved(two: Editor, complaints) -> None:
    two.desk.broken_saves = 2  # leaving the field, and the form
    two.type("cards.0.title", "New")
    two.page.locator("#submit").click()
    expect(state(two)).to_have_text("Not saved: the server answered with error 502, trying again")
    assert two.desk.submitted is None
    assert two.submit()["content"]["cards"][0]["title"] == "New"
    complaints.found = [one for one in complaints.found if "502" not in one]


def test_no_connection_is_said(two: Editor, complaints) -> None:
    two.page.context.set_offline(True)
    two.type("cards.0.title", "New")
    two.page.keyboard.press("Control+s")
    expect(state(two)).to_have_text("Not saved: no connection, trying again")
    two.page.context.set_offline(False)
    expect(state(two)).to_have_text("Saved today 11:20", timeout=1000)
    assert saves(two, 1) == ["New"]
    complaints.found = [one for one in complaints.found if "DISCONNECTED" not in one]


def test_a_locked_version_says_so_and_is_saved_only_when_asked(editor: Editor) -> None:
    editor.desk.frozen = True
    editor.desk.content = carousel(card("A"), card("B"))
    editor.open()
    expect(editor.page.locator(".notice").first).to_contain_text("Saving makes version 2")
    editor.type("cards.0.title", "New")
    editor.page.keyboard.press("Tab")
    expect(state(editor)).to_have_text("Not saved yet")
    assert editor.desk.saves == []
    editor.save()
    assert len(editor.desk.saves) == 1


def test_who_may_only_look_cannot_type_but_can_preview(editor: Editor) -> None:
    editor.desk.config = {"readonly": True}
    editor.desk.content = carousel(card("A", "go"), card("B"))
    editor.open()
    expect(editor.at("cards.0.title")).to_be_disabled()
    expect(editor.at("cards.1.title")).to_have_value("B")
    expect(editor.page.get_by_role("button", name="Delete: Card 1")).to_be_disabled()
    editor.page.keyboard.press("Alt+ArrowDown")
    editor.page.locator(".preview").get_by_label("Dark").check()
    expect(editor.page.locator(".phone-dark")).to_have_count(1)


def test_earlier_refusals_are_shown(editor: Editor) -> None:
    editor.desk.config = {
        "refusals": [{"part": "main", "account": "5G-1", "at": "11-20", "message": "缺少 拒收请回复R"}]
    }
    editor.open()
    expect(editor.page.locator(".notice.problem")).to_have_text("Refused before · 5G-1 · 11-20: 缺少 拒收请回复R")


def test_submitting_waits_for_a_save_on_its_way(two: Editor) -> None:
    two.desk.slow_saves = 0.4
    two.type("cards.0.title", "New")
    posted = two.submit()
    assert [one["content"]["cards"][0]["title"] for one in two.desk.saves] == ["New"]
    assert posted["edited"] == "1"


def test_a_server_that_is_restarted_gets_what_was_typed_meanwhile(page: Page, complaints, desk) -> None:
    url, stop = harness.serve()
    desk.content = carousel(card("A"), card("B"))
    editor = Editor(page, f"{url}/editor/", desk).open()
    stop()
    editor.type("cards.0.title", "Meanwhile")
    expect(state(editor)).to_have_text("Not saved: no connection, trying again")
    expect(page.locator(".badge", has_text="Not checked")).to_be_visible()
    assert editor.has_copy("Meanwhile", within=1)
    _url, stop = harness.serve(int(url.rpartition(":")[2]))
    expect(state(editor)).to_have_text("Saved today 11:20", timeout=10_000)
    assert saves(editor, 1) == ["Meanwhile"]
    editor.type("cards.0.title", "After")
    expect(page.locator(".badge", has_text="Not checked")).to_have_count(0)
    page.close()
    stop()
    complaints.found = [one for one in complaints.found if "ERR_CONNECTION" not in one and "ERR_EMPTY" not in one]
