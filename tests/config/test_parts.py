"""Small parts of pages that templates share (config/templatetags/songda.py)."""

from typing import Any

import pytest
from django.template import Context, Template


def drawn(source: str, **given: Any) -> str:
    return " ".join(Template("{% load songda %}" + source).render(Context(given)).split())


@pytest.mark.parametrize(
    ("words", "address", "html"),
    [
        ("<b>", "/a/?b=1&c=2", '<a href="/a/?b=1&amp;c=2">&lt;b&gt;</a>'),
        ("<b>", "", "&lt;b&gt;"),
        ("<b>", None, "&lt;b&gt;"),
        ("十一月", "/c/1/", '<a href="/c/1/">十一月</a>'),
    ],
)
def test_a_link_is_words_where_nothing_can_be_opened(words: str, address: str | None, html: str) -> None:
    assert drawn("{% link words address %}", words=words, address=address) == html


def test_a_fact_escapes_its_values_and_keeps_its_markup() -> None:
    html = drawn("{% fact label %} {{ value }} <em>a</em> {% endfact %}", label="A & B", value="<i>")
    assert html == "<div><dt>A &amp; B</dt><dd>&lt;i&gt; <em>a</em></dd></div>"


def test_a_list_of_facts_is_made_of_facts() -> None:
    html = drawn('{% include "songda/facts.html" %}', facts=[("A", 1), ("B", "<")])
    assert html == ('<dl class="facts"> <div><dt>A</dt><dd>1</dd></div> <div><dt>B</dt><dd>&lt;</dd></div> </dl>')


@pytest.mark.parametrize(("look", "html"), [("", ""), ("danger", ' class="danger"')])
def test_a_button_posts_to_a_page_with_the_token_of_this_one(look: str, html: str) -> None:
    source = '{% post_button "admin:messaging_dispatch_pause" 7 label=label look=look %}'
    assert drawn(source, label="A & B", look=look, csrf_token="x" * 8) == (
        '<form method="post" action="/admin/messaging/dispatch/7/pause/">'
        ' <input type="hidden" name="csrfmiddlewaretoken" value="xxxxxxxx">'
        f' <button type="submit"{html}>A &amp; B</button> </form>'
    )
