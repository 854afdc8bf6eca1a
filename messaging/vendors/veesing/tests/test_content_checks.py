"""Each problem by its path."""

import pytest

from messaging.gateway.contract_suite import account, content, fallback
from messaging.vendors.veesing.adapter import Veesing
from messaging.vendors.veesing.tests.examples import MESSAGE, example, medium

KB = 1024


def vendor(**settings):
    return Veesing(account(credentials={"app_id": "A", "app_key": "K"}, settings=settings))


def found(problems):
    return [(problem.path, problem.rule, problem.severity) for problem in problems]


def mms(*frames, title="题"):
    return {"kind": "mms", "title": title, "frames": list(frames)}


def test_a_good_message_has_no_problem():
    assert vendor().check(content(**MESSAGE), fallback()) == []
    assert vendor().check_submission(example()) == []


@pytest.mark.parametrize("kind", ["text", "card", "carousel", "file", "place", "sms"])
def test_other_kinds_are_not_carried(kind):
    assert found(vendor().check(content(kind=kind), fallback())) == [("kind", "vendor.kind", "error")]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (mms(title=" "), [("title", "vendor.title"), ("frames", "vendor.frames")]),
        (mms(*[{"text": "一"}] * 16), [("frames", "vendor.frames")]),
        (mms({"seconds": 0, "text": "一"}), [("frames.0.seconds", "vendor.seconds")]),
        (mms({"text": "一"}, {"seconds": 3}), [("frames.1", "vendor.empty_frame")]),
        (mms({"text": "您好 ${姓名}"}), [("frames.0.text", "vendor.variables")]),
        (mms({"text": "一"}, title="${姓名}您好"), [("title", "vendor.variables")]),
        (mms({"text": "一"}, {"text": "好😀吗😀€"}), [("frames.1.text", "vendor.gbk")]),
    ],
)
def test_frames(message, said):
    assert found(vendor().check(content(**message), fallback())) == [(*one, "error") for one in said]


def test_fifteen_frames_are_allowed():
    assert vendor().check(content(**mms(*[{"text": "一"}] * 15)), fallback()) == []


def test_characters_outside_gbk_are_named_once_each():
    (problem,) = vendor().check(content(**mms({"text": "好😀吗😀€"})), fallback())

    assert problem.params == {"characters": "😀 €"}


@pytest.mark.parametrize("mime", ["image/png", "video/3gpp", "audio/amr", ""])
def test_other_files_are_not_carried(mime):
    message = mms({"text": "一"}, {"media": {"asset": "9"}})
    problems = vendor().check_submission(example(message, media={"9": medium("9", mime)}))

    assert found(problems) == [("frames.1.media", "vendor.media_type", "error")]


def test_a_missing_medium_is_named():
    message = mms({"media": {"asset": ""}})

    assert found(vendor().check_submission(example(message))) == [("frames.0.media", "vendor.media", "error")]


@pytest.mark.parametrize(
    ("basis", "size", "problems"),
    [
        ("raw", 80 * KB - 4, []),
        ("raw", 80 * KB - 3, [{"limit": 80, "size": 81}]),
        ("base64", 60 * KB - 6, []),
        ("base64", 60 * KB - 2, [{"limit": 80, "size": 81}]),
    ],
)
def test_80_kb_in_all_counting_texts_in_gbk(basis, size, problems):
    message = mms({"text": "一二", "media": {"asset": "9"}})
    submitted = example(message, media={"9": medium("9", "image/jpeg", size=size)})

    assert [problem.params for problem in vendor(size_basis=basis).check_submission(submitted)] == problems
