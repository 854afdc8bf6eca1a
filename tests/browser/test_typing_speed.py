"""Typing stays fluid with twelve open cards: measured by the browser's own clock, against a bare input beside it."""

import pytest

from tests.browser.driver import Editor
from tests.browser.test_moving import card, carousel

# Milliseconds from the key's event to the frame that follows it, for each key, in one field.
MEASURE = """async (selector) => {
  const field = document.querySelector(selector);
  const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set;
  const frame = () => new Promise((done) => requestAnimationFrame(() => { const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now()); channel.port2.postMessage(0); }));
  const times = [];
  let counted = 0;
  field.focus();
  for (let key = 0; key < 40; key += 1) {
    await frame();
    const start = performance.now();
    setter.call(field, field.value + 'x');
    field.dispatchEvent(new InputEvent('input', {bubbles: true}));
    await Promise.resolve();
    await new Promise((done) => setTimeout(done, 0));
    document.body.offsetHeight;
    times.push(performance.now() - start);
    const counter = field.parentElement.querySelector('.counter');
    if (counter && counter.textContent.trim().startsWith(field.value.length + '/')) counted += 1;
  }
  times.sort((one, other) => one - other);
  return {median: times[20], worst: times[39], counted};
}"""


@pytest.fixture
def twelve(editor: Editor) -> Editor:
    cards = [card(f"Card {number}", "one", "two", "three", "four") for number in range(12)]
    editor.desk.content = carousel(*cards, chips=tuple("abcdefghijk"))
    editor.open()
    editor.page.get_by_role("button", name="Open all").click()
    assert editor.page.locator(".card-item > .item-body").count() == 12
    editor.page.evaluate("document.body.append(Object.assign(document.createElement('input'), {id: 'bare'}))")
    return editor


@pytest.mark.parametrize("path", ["cards.0.title", "cards.11.description", "cards.5.suggestions.3.label"])
def test_a_key_takes_less_than_fifty_milliseconds(twelve: Editor, path: str, record_property) -> None:
    bare = twelve.page.evaluate(MEASURE, "#bare")
    typed = twelve.page.evaluate(MEASURE, f'[data-path="{path}"]')
    record_property("ms_per_key", round(typed["median"], 2))
    record_property("times_a_bare_input", round(typed["median"] / max(bare["median"], 0.1), 1))
    assert typed["counted"] == 40
    assert typed["median"] < 50


def test_real_keys_are_handled_within_fifty_milliseconds(twelve: Editor) -> None:
    """Event timing as the browser reports it: from the key to the next paint. Entries below 16 ms are not reported."""
    page = twelve.page
    page.evaluate(
        "window.slow = []; new PerformanceObserver((list) => list.getEntries().forEach((entry) => "
        "entry.name.startsWith('key') && window.slow.push(entry.processingEnd - entry.processingStart)))"
        ".observe({type: 'event', durationThreshold: 16, buffered: false})"
    )
    twelve.at("cards.6.title").press_sequentially("fluid typing in the middle")
    page.wait_for_timeout(300)
    handled = sorted(page.evaluate("window.slow"))
    assert [one for one in handled[: len(handled) * 9 // 10] if one >= 50] == []


def test_a_key_draws_its_own_card_alone(twelve: Editor) -> None:
    """The reason for the speed, independent of the machine: other cards' elements are not touched at all."""
    touched = twelve.page.evaluate(
        """async () => {
          const cards = [...document.querySelectorAll('[data-list="cards"]')];
          const seen = new Set();
          const watch = new MutationObserver((records) => records.forEach((record) =>
            seen.add(cards.findIndex((card) => card.contains(record.target)))));
          cards.forEach((card) => watch.observe(card, {subtree: true, childList: true, characterData: true, attributes: true}));
          const field = document.querySelector('[data-path="cards.3.title"]');
          const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
          setter.call(field, 'changed');
          field.dispatchEvent(new InputEvent('input', {bubbles: true}));
          await new Promise((done) => setTimeout(done, 100));
          return [...seen];
        }"""
    )
    assert touched == [3]
