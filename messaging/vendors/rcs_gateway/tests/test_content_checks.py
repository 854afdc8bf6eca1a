"""What the gateway cannot carry is said by path, before anything is submitted."""

import pytest

from messaging.gateway.contract_suite import account, content, fallback, submission
from messaging.gateway.types import Media
from messaging.vendors.rcs_gateway.adapter import RcsGateway
from messaging.vendors.rcs_gateway.tests.vectors import CREDENTIALS

VENDOR = RcsGateway(account("http://x", CREDENTIALS))
CARD = {"title": "题", "description": "文", "media": {"asset": "7"}}
GOOD = {"7": Media("7", "image/jpeg", 1, "https://a.cn/7")}


def found(main, parts=None, media=None):
    given = submission(main, fallback=parts or fallback(), media=media or {})
    problems = VENDOR.check(main, given.fallback) if media is None else VENDOR.check_submission(given)
    return {(problem.path, problem.rule, problem.severity) for problem in problems}


def card(**changes):
    top = {name: changes.pop(name) for name in ("suggestions_top", "orientation", "alignment") if name in changes}
    chips = top.pop("suggestions_top", [])
    return content(kind="card", card={**CARD, **changes}, suggestions=chips, **top)


@pytest.mark.parametrize(
    "main",
    [
        card(),
        content(kind="text", text="好"),
        content(kind="carousel", cards=[CARD, CARD]),
        card(suggestions=[{"kind": "dial", "label": "打", "phone": "400"}]),
    ],
)
def test_what_it_carries_is_no_problem(main):
    parts = fallback(sms={"text": "短信"})
    assert found(main, parts, GOOD) == set()


@pytest.mark.parametrize("kind", ["file", "place", "mms", "sms"])
def test_other_kinds_are_not_sent(kind):
    assert ("kind", "vendor.kind", "error") in found(content(kind=kind))


@pytest.mark.parametrize(
    ("main", "problem"),
    [
        (card(title=""), ("card.title", "vendor.required", "error")),
        (card(description=" "), ("card.description", "vendor.required", "error")),
        (card(media=None), ("card.media", "vendor.required", "error")),
        (card(media={"asset": ""}), ("card.media", "vendor.required", "error")),
        (
            content(kind="carousel", cards=[CARD, {**CARD, "title": ""}]),
            ("cards.1.title", "vendor.required", "error"),
        ),
        (
            card(suggestions=[{"kind": "reply", "label": "好"}, {"kind": "calendar", "label": "日程"}]),
            ("card.suggestions.1.kind", "vendor.button", "error"),
        ),
        (
            card(suggestions_top=[{"kind": "ask_place", "label": "位置"}]),
            ("suggestions.0.kind", "vendor.button", "error"),
        ),
        (card(suggestions=[{"kind": "reply"}]), ("card.suggestions.0.label", "vendor.required", "error")),
        (card(orientation="HORIZONTAL", alignment="LEFT"), ("orientation", "vendor.look", "warning")),
        (content(kind="text", text=""), ("text", "vendor.required", "error")),
        (
            content(kind="text", text="好", suggestions=[{"kind": "reply", "label": "好"}]),
            ("suggestions", "vendor.chips", "error"),
        ),
    ],
)
def test_content_problems(main, problem):
    assert found(main) == {problem}


def test_styles_are_not_carried():
    main = content(kind="card", card=CARD, title_style=["bold"], description_style=["italics"])
    assert found(main) == {
        ("title_style", "vendor.look", "warning"),
        ("description_style", "vendor.look", "warning"),
    }


LINKED = {"text": "${阅信短链} 看"}
FRAME = {"title": "视信", "frames": [{"text": "帧"}]}


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (fallback(sms={"text": ""}), ("fallback.sms.text", "vendor.required", "error")),
        (fallback(mms={**FRAME, "title": ""}), ("fallback.mms.title", "vendor.required", "error")),
        (fallback(mms={**FRAME, "frames": []}), ("fallback.mms.frames", "vendor.required", "error")),
        (fallback(mms={**FRAME, "frames": [{}]}), ("fallback.mms.frames.0", "vendor.required", "error")),
        (fallback(aim={"text": "看"}), ("fallback.aim.text", "vendor.aim_link", "warning")),
        (fallback(sms={"text": "短信"}, aim=LINKED), ("fallback.aim", "vendor.sms_or_aim", "warning")),
        (fallback(h5={"text": "页"}), ("fallback.h5", "vendor.fallback", "warning")),
    ],
)
def test_fallback_problems(parts, problem):
    assert found(card(), parts) == {problem}


@pytest.mark.parametrize(("part", "value"), [("mms", FRAME), ("aim", LINKED)])
def test_beside_a_text_it_falls_back_to_sms_alone(part, value):
    problem = (f"fallback.{part}", "vendor.fallback", "warning")
    assert found(content(kind="text", text="好"), fallback(**{part: value})) == {problem}


@pytest.mark.parametrize(
    ("media", "rule"),
    [
        ({}, "vendor.media_url"),
        ({"7": Media("7", "image/jpeg", 1, "")}, "vendor.media_url"),
        ({"7": Media("7", "image/bmp", 1, "https://a.cn/7")}, "vendor.media_type"),
    ],
)
def test_files_are_looked_at_where_the_library_is_given(media, rule):
    parts = fallback(mms={"title": "视信", "frames": [{"media": {"asset": "7"}}]})
    assert found(card(), parts, media) == {
        ("card.media", rule, "error"),
        ("fallback.mms.frames.0.media", rule, "error"),
    }
    assert found(card(), parts) == set()
