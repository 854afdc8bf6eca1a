"""Whatever the editor can make, each vendor either names what it cannot carry by path, or renders a request for it."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.gateway.contract_suite import configured
from messaging.gateway.outcomes import Unsupported
from messaging.gateway.registry import all_vendors
from messaging.gateway.types import Media, Submission
from templates_5g.blocks import errors, parse_content, parse_fallback
from templates_5g.blocks.checks import MediaInfo, check
from tests.messaging.test_every_vendor import CONTRACTS
from tests.templates_5g.test_properties import contents, fallbacks, reachable

PICTURE = b"\xff\xd8\xff" + bytes(200)
MEDIA = {
    key: Media(key, "image/jpeg", len(PICTURE), f"https://x.cn/m/{key}.jpg", f"id{key}", load=lambda: PICTURE)
    for key in ("1", "2")
}
KNOWN = {key: MediaInfo(key, "image/jpeg", len(PICTURE), 900, 504) for key in MEDIA}
APPROVED = {"mms": "m1", "aim": "a1"}
NO_TEXT = {"sms": None, "mms": None, "aim": None, "h5": None}
ALL = {code: vendor for code, vendor in all_vendors().items() if code in CONTRACTS}
REVIEWING = [
    code for code, vendor in ALL.items() if any(operation.method == "submit" for operation in vendor.operations)
]
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

# Content without a hard problem of its own, so that it is the vendor's word that counts.
words = st.sampled_from(["好", "满300减50", "${姓名}，您好", "a" * 25, "Ünï😀"])
suggestions = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["reply", "ask_place"]), "label": words, "data": words}),
    st.fixed_dictionaries(
        {"kind": st.just("open_url"), "label": words, "data": words, "url": st.just("https://x.cn/a?b=1")}
    ),
    st.fixed_dictionaries({"kind": st.just("dial"), "label": words, "data": words, "phone": st.just("95533")}),
    st.fixed_dictionaries(
        {
            "kind": st.just("show_place"),
            "label": words,
            "data": words,
            "latitude": st.just("39.9"),
            "longitude": st.just("-1"),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("find_place"), "label": words, "data": words, "query": words}),
    st.fixed_dictionaries(
        {"kind": st.just("compose"), "label": words, "data": words, "phone": st.just("10086"), "text": words}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("calendar"),
            "label": words,
            "data": words,
            "start": st.just("2026-11-21T10:00"),
            "end": st.just("2026-11-22T10:00"),
            "title": words,
        }
    ),
)
buttons = st.lists(suggestions, max_size=4)
media = st.fixed_dictionaries({"asset": st.sampled_from(["1", "2"]), "height": st.sampled_from(["SHORT", "MEDIUM"])})
cards = st.fixed_dictionaries(
    {"title": words, "description": words | st.just(""), "media": st.none() | media, "suggestions": buttons}
)
frames = st.lists(
    st.fixed_dictionaries({"seconds": st.integers(1, 9), "text": words, "media": st.none() | media}),
    min_size=1,
    max_size=3,
)
sound = st.one_of(
    st.fixed_dictionaries({"kind": st.just("text"), "text": words, "suggestions": buttons}),
    st.fixed_dictionaries({"kind": st.just("card"), "card": cards, "suggestions": buttons}),
    st.fixed_dictionaries(
        {"kind": st.just("carousel"), "cards": st.lists(cards, min_size=2, max_size=4), "suggestions": buttons}
    ),
    st.fixed_dictionaries({"kind": st.just("file"), "media": media, "suggestions": buttons}),
    st.fixed_dictionaries(
        {
            "kind": st.just("place"),
            "latitude": st.just("39.9"),
            "longitude": st.just("116.4"),
            "label": words,
            "suggestions": buttons,
        }
    ),
    st.fixed_dictionaries({"kind": st.just("mms"), "title": words, "frames": frames}),
    st.fixed_dictionaries({"kind": st.just("sms"), "text": words}),
)
text = st.none() | st.fixed_dictionaries({"text": words})
parts = st.fixed_dictionaries(
    {"sms": text, "mms": st.none() | st.fixed_dictionaries({"title": words, "frames": frames})}
)


def vendor_of(code):
    return ALL[code](configured(ALL[code], CONTRACTS[code]))


@pytest.mark.parametrize("code", ALL)
@MANY
@given(content=contents, fallback=fallbacks)
def test_a_vendor_names_places_that_are_there(code, content, fallback):
    problems = vendor_of(code).check(parse_content(content)[0], parse_fallback(fallback)[0])
    whole = {**content, "fallback": fallback}
    assert all(problem.message and reachable(whole, problem.path) for problem in problems)


@pytest.mark.parametrize("code", REVIEWING)
@MANY
@given(content=sound, fallback=parts)
def test_a_vendor_carries_it_or_says_what_not(code, content, fallback):
    fallback = NO_TEXT if content["kind"] in ("sms", "mms") else fallback
    parsed, chain = parse_content(content)[0], parse_fallback(fallback)[0]
    assert errors(check(parsed, chain, media=KNOWN)) == []
    vendor = vendor_of(code)
    submission = Submission("n", "main", parsed, chain, "商城", media=MEDIA, sender="106500", part_ids=APPROVED)
    if not errors(vendor.check_submission(submission)):
        assert rendered(vendor, submission).body


def rendered(vendor, submission):
    """As a new template, or where a vendor only changes what it has, as a change."""
    try:
        return vendor.build_submit(submission)
    except Unsupported:
        return vendor.build_submit(replace(submission, template_id="1001"))
