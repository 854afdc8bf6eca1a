"""For any content that the editor can make: it parses, dumps unchanged, is checked without an error of ours, is stored
and compared. For any JSON at all: named by path, never a traceback."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates_5g.blocks import parse_content, parse_fallback
from templates_5g.blocks.card import ALIGNMENTS, ORIENTATIONS, STYLES, WIDTHS
from templates_5g.blocks.checks import check, media_ids, suggestions_of
from templates_5g.blocks.media import HEIGHTS
from templates_5g.blocks.suggestion import APPLICATIONS, KINDS
from templates_5g.inspection import inspect
from templates_5g.linter import Message, lint
from templates_5g.path_labels import place
from templates_5g.problems import all_data
from templates_5g.services.compare import leaves

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

letters = st.characters(
    exclude_categories=["Cs"], exclude_characters="\r\x7f" + "".join(map(chr, [*range(9), 11, 12, *range(14, 32)]))
)
pieces = st.one_of(
    st.text(letters, max_size=20), st.sampled_from(["${姓名}", "【", "】", "${", "拒收请回复R", "😀", "https://x.cn"])
)
words = st.lists(pieces, max_size=4).map("".join)
styles = st.lists(st.sampled_from(STYLES), max_size=3)


@st.composite
def suggestions(draw):
    kind = draw(st.sampled_from(list(KINDS)))
    own = {name: draw(st.sampled_from(APPLICATIONS) if name == "application" else words) for name in KINDS[kind]}
    return {"kind": kind, "label": draw(words), "data": draw(words), **own}


def media(optional=True):
    some = st.fixed_dictionaries(
        {
            "asset": st.sampled_from(["", "1", "99", "x"]),
            "height": st.sampled_from(HEIGHTS),
            "thumbnail": st.sampled_from(["", "2"]),
            "alt": words,
        }
    )
    return st.none() | some if optional else some


buttons = st.lists(suggestions(), max_size=5)
cards = st.fixed_dictionaries({"title": words, "description": words, "media": media(), "suggestions": buttons})
frames = st.fixed_dictionaries({"seconds": st.integers(-1, 99), "text": words, "media": media()})
contents = st.one_of(
    st.fixed_dictionaries({"kind": st.just("text"), "text": words, "suggestions": buttons}),
    st.fixed_dictionaries(
        {
            "kind": st.just("card"),
            "orientation": st.sampled_from(ORIENTATIONS),
            "alignment": st.sampled_from(["", *ALIGNMENTS]),
            "title_style": styles,
            "description_style": styles,
            "card": cards,
            "suggestions": buttons,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("carousel"),
            "width": st.sampled_from(WIDTHS),
            "title_style": styles,
            "description_style": styles,
            "cards": st.lists(cards, max_size=13),
            "suggestions": buttons,
        }
    ),
    st.fixed_dictionaries({"kind": st.just("file"), "media": media(), "suggestions": buttons}),
    st.fixed_dictionaries(
        {"kind": st.just("place"), "latitude": words, "longitude": words, "label": words, "suggestions": buttons}
    ),
    st.fixed_dictionaries({"kind": st.just("mms"), "title": words, "frames": st.lists(frames, max_size=4)}),
    st.fixed_dictionaries({"kind": st.just("sms"), "text": words}),
)
texts = st.none() | st.fixed_dictionaries({"text": words})
fallbacks = st.fixed_dictionaries(
    {
        "sms": texts,
        "mms": st.none() | st.fixed_dictionaries({"title": words, "frames": st.lists(frames, max_size=3)}),
        "aim": texts,
        "h5": texts,
    }
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["kind", "card", "cards", "media", "suggestions", "text", "title", "frames", "sms", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
purposes = st.sampled_from(["marketing", "notice"])


@QUICK
@given(contents, fallbacks)
def test_what_the_editor_makes_parses_and_dumps_unchanged(content, fallback):
    parsed, problems = parse_content(content)
    parts, more = parse_fallback(fallback)
    assert problems + more == []
    assert (parsed.dump(), parts.dump()) == (content, fallback)
    assert parse_content(json.loads(json.dumps(content)))[0] == parsed


@QUICK
@given(contents, fallbacks, purposes)
def test_every_problem_names_a_place_and_has_a_sentence(content, fallback, purpose):
    parsed, parts = parse_content(content)[0], parse_fallback(fallback)[0]
    findings = lint(Message(parsed, parts, purpose))
    data = all_data(findings)
    assert all(item["message"] and "%(" not in item["message"] for item in data)
    paths = {problem.path for problem in check(parsed, parts, purpose)} | {item["path"] for item in data}
    whole = {**content, "fallback": fallback}
    assert all(reachable(whole, path) for path in paths)
    assert all(place(path) for path in paths)


def reachable(data, path):
    """Whether the parent of the path is really there: an editor could put the sentence beside it."""
    steps = path.split(".")[:-1]
    for step in steps:
        data = data[int(step)] if isinstance(data, list) else data.get(step)
        if data is None:
            return False
    return True


@QUICK
@given(contents, fallbacks)
def test_media_and_suggestions_are_all_seen(content, fallback):
    parsed = parse_content(content)[0]
    text = json.dumps([content, fallback])
    assert set(media_ids(content, fallback)) <= {"1", "2", "99", "x"}
    assert all(f'"{key}"' in text for key in media_ids(content, fallback))
    assert len(list(suggestions_of(parsed))) == text.count('"label"') - (content["kind"] == "place")


@QUICK
@given(contents, fallbacks)
def test_every_place_is_compared(content, fallback):
    found = dict(leaves(content, fallback))
    changed = {**content, "kind": "none"}
    assert {path for path, value in leaves(changed, fallback) if found.get(path) != value} == {"kind"}


@QUICK
@given(content=contents, fallback=fallbacks, purpose=purposes)
def test_inspecting_never_fails_on_what_the_editor_makes(content, fallback, purpose, empty_library):
    inspection = inspect(content, fallback, purpose)
    assert inspection.shape == []
    assert (inspection.content.dump(), inspection.fallback.dump()) == (content, fallback)


@QUICK
@given(content=anything, fallback=anything, purpose=anything)
def test_inspecting_never_fails_on_anything(content, fallback, purpose, empty_library):
    inspection = inspect(content, fallback, purpose)
    all_data(inspection.findings)
    assert parse_content(inspection.content.dump())[1] == []
