"""Each kind is built by clicking and typing, seen on the phone, saved, and found again unchanged."""

from playwright.sync_api import expect

from tests.browser.driver import Editor


def reopened(editor: Editor) -> dict:
    """The content after opening the page again and changing nothing but a space that is taken back."""
    saved = editor.save()
    editor.open()
    editor.page.locator("#submit").click()
    expect(editor.page.locator("#done")).to_be_visible()
    assert __import__("json").loads(editor.desk.submitted["content"]) == saved["content"]
    assert __import__("json").loads(editor.desk.submitted["fallback"]) == saved["fallback"]
    return saved


def test_text_with_a_chip(editor: Editor) -> None:
    editor.open()
    editor.kind("text")
    editor.type("text", "See https://a.example/x now")
    editor.suggestion("", "reply", "Yes", data="yes-1")
    expect(editor.phone.locator(".phone-bubble")).to_have_text("See https://a.example/x now")
    expect(editor.phone.locator(".phone-link")).to_have_text("https://a.example/x")
    expect(editor.phone.locator(".phone-chip")).to_have_text("Yes")
    assert reopened(editor)["content"] == {
        "kind": "text",
        "text": "See https://a.example/x now",
        "suggestions": [{"kind": "reply", "label": "Yes", "data": "yes-1"}],
    }
