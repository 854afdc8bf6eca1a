"""The examples of the vendors' documents, built by hand: what is saved makes the document's payload, value for value."""

from dataclasses import replace

import pytest

from messaging.vendors.hanwg import payloads as hanwg
from messaging.vendors.hanwg.tests import examples as hanwg_examples
from messaging.vendors.rcs_gateway.tests import test_templates as gateway
from messaging.vendors.rcs_gateway.tests.vectors import example as gateway_body
from templates_5g.blocks import parse_content, parse_fallback
from tests.browser.building import build
from tests.browser.driver import Editor


def built(editor: Editor, content: dict, fallback: dict) -> dict:
    editor.open()
    build(editor, content, fallback)
    saved = editor.save()
    parsed, problems = parse_content(saved["content"])
    parsed_fallback, more = parse_fallback(saved["fallback"])
    assert [*problems, *more] == []
    assert (parsed.dump(), parsed_fallback.dump()) == (saved["content"], saved["fallback"])
    return {"content": parsed, "fallback": parsed_fallback}


@pytest.mark.parametrize("name", hanwg_examples.NAMES)
def test_an_example_of_document_001(editor: Editor, name: str) -> None:
    made = built(editor, hanwg_examples.CONTENT[name], hanwg_examples.FALLBACK.get(name, {}))
    expected = hanwg_examples.example(name)
    assert (made["content"], made["fallback"]) == (expected.content, expected.fallback)
    assert hanwg.template(replace(expected, **made)).fields == hanwg_examples.sample(name)["body"]


@pytest.mark.parametrize("name", gateway.EXAMPLES)
def test_an_example_of_document_000(editor: Editor, name: str) -> None:
    expected = gateway.EXAMPLES[name]
    fallback = {part: value for part, value in expected.fallback.dump().items() if value}
    made = built(editor, expected.content.dump(), fallback)
    request = gateway.vendor().build_submit(replace(expected, **made))
    assert gateway.opened(request) == gateway_body(name)
