"""Every limit at its exact border: the last length that passes, the first that does not."""

import pytest

from templates_5g.blocks import parse_content, parse_fallback
from templates_5g.blocks.checks import MediaInfo, check
from templates_5g.fallback import segments, sms_length, text_preview
from templates_5g.limits import KB, LIMITS, MB, as_data

PICTURE = MediaInfo("1", "image/png", 1000, 900, 504)
FILM = MediaInfo("2", "video/mp4", 1000, 640, 360, 7.0)


def found(data, fallback=None, media=(PICTURE, FILM)):
    content, shape = parse_content(data)
    parts, more = parse_fallback(fallback)
    assert not shape + more
    problems = check(content, parts, media={info.asset: info for info in media})
    return {(problem.path, problem.rule, problem.severity) for problem in problems}


def text(**values):
    return {"kind": "text", "text": "好", **values}


def card(**values):
    return {"kind": "card", "card": {"title": "题", **values}}


def button(**values):
    return {"kind": "reply", "label": "好", "data": "d", **values}


def chip(**values):
    return text(suggestions=[button(**values)])


def carousel(count, **values):
    return {"kind": "carousel", "cards": [{"title": "题"}] * count, **values}


def numbered(count):
    return [button(data=f"d{number}") for number in range(count)]


OPEN = {"kind": "open_url"}
DIAL = {"kind": "dial"}
EVENT = {"kind": "calendar", "start": "2026-11-21", "end": "2026-11-22", "title": "会"}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (card(title="a" * 150), None),
        (card(title="a" * 151), ("card.title", "length.operator", "warning")),
        (card(title="字" * 50), None),
        (card(title="字" * 51), ("card.title", "length.operator", "warning")),
        (card(title="a" * 201), ("card.title", "length", "error")),
        (card(title="字" * 201), ("card.title", "length", "error")),
        (card(description="a" * 1000), None),
        (card(description="a" * 1001), ("card.description", "length.operator", "warning")),
        (card(description="字" * 333), None),
        (card(description="字" * 334), ("card.description", "length.operator", "warning")),
        (card(description="a" * 2001), ("card.description", "length", "error")),
        (card(suggestions=numbered(4)), None),
        (card(suggestions=numbered(5)), ("card.suggestions", "count", "error")),
        (text(suggestions=numbered(10)), None),
        (text(suggestions=numbered(11)), ("suggestions", "count.operator", "warning")),
        (text(suggestions=numbered(12)), ("suggestions", "count", "error")),
        (carousel(0), ("cards", "count", "error")),
        (carousel(1), ("cards", "count", "error")),
        (carousel(2), None),
        (carousel(6), None),
        (carousel(7), ("cards", "count.operator", "warning")),
        (carousel(12), ("cards", "count.operator", "warning")),
        (carousel(13), ("cards", "count", "error")),
        (chip(label=""), ("suggestions.0.label", "required", "error")),
        (chip(label=" \n"), ("suggestions.0.label", "required", "error")),
        (chip(label="a" * 25), None),
        (chip(label="字" * 8), None),
        (chip(label="字" * 9), ("suggestions.0.label", "length.operator", "warning")),
        (chip(label="字" * 25), ("suggestions.0.label", "length.operator", "warning")),
        (chip(label="a" * 26), ("suggestions.0.label", "length", "error")),
        (chip(data=""), ("suggestions.0.data", "postback.missing", "warning")),
        (chip(data="a" * 2000), None),
        (chip(data="a" * 2001), ("suggestions.0.data", "length.operator", "warning")),
        (chip(data="a" * 2049), ("suggestions.0.data", "length", "error")),
        (text(suggestions=[button(), button()]), ("suggestions.1.data", "postback.repeated", "warning")),
        (chip(**OPEN, url="https://x.cn"), None),
        (chip(**OPEN, url="HTTPS://例子.中国/路?a=1#b"), None),
        (chip(**OPEN, url="http://10.0.0.1:8080/a"), None),
        (chip(**OPEN, url="https://x.cn/${编号}"), None),
        (chip(**OPEN, url=""), ("suggestions.0.url", "required", "error")),
        (chip(**OPEN, url="x.cn"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="javascript:alert(1)"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="https://"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="https://a b.cn"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="https://[::1"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="https://x.cn:99999"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="${链接}"), ("suggestions.0.url", "url", "error")),
        (chip(**OPEN, url="https://x.cn/" + "a" * 1987), None),
        (chip(**OPEN, url="https://x.cn/" + "a" * 1988), ("suggestions.0.url", "length.operator", "warning")),
        (chip(**OPEN, url="https://x.cn/" + "a" * 2036), ("suggestions.0.url", "length", "error")),
        (chip(**DIAL, phone="95533"), None),
        (chip(**DIAL, phone="+86 138-0013-8000"), None),
        (chip(**DIAL, phone="12"), ("suggestions.0.phone", "phone", "error")),
        (chip(**DIAL, phone="1" * 21), ("suggestions.0.phone", "phone", "error")),
        (chip(**DIAL, phone="客服"), ("suggestions.0.phone", "phone", "error")),
        (chip(kind="show_place", latitude="39.9", longitude="116.4"), None),
        (chip(kind="show_place", latitude="-90", longitude="180"), None),
        (chip(kind="show_place", latitude="90.0001", longitude="0"), ("suggestions.0.latitude", "coordinate", "error")),
        (chip(kind="show_place", latitude="0", longitude="180.1"), ("suggestions.0.longitude", "coordinate", "error")),
        (chip(kind="show_place", latitude="nan", longitude="0"), ("suggestions.0.latitude", "coordinate", "error")),
        (chip(kind="show_place", latitude="1e1", longitude="0"), ("suggestions.0.latitude", "coordinate", "error")),
        (chip(kind="show_place", latitude="٣", longitude="0"), ("suggestions.0.latitude", "coordinate", "error")),
        (chip(kind="show_place", latitude="", longitude="0"), ("suggestions.0.latitude", "required", "error")),
        (
            chip(kind="show_place", latitude="0", longitude="0", place="a" * 101),
            ("suggestions.0.place", "length", "error"),
        ),
        (chip(kind="find_place", query="a" * 200), None),
        (chip(kind="find_place", query="a" * 201), ("suggestions.0.query", "length", "error")),
        (chip(kind="find_place"), ("suggestions.0.query", "required", "error")),
        (chip(kind="ask_place"), None),
        (chip(kind="compose", phone="10086", text="a" * 100), None),
        (chip(kind="compose", phone="10086", text="a" * 101), ("suggestions.0.text", "length", "error")),
        (chip(kind="compose", phone="", text="a"), ("suggestions.0.phone", "required", "error")),
        (chip(**EVENT), None),
        (chip(**{**EVENT, "start": "2026-11-21T10:00", "end": "2026-11-21T10:00"}), None),
        (chip(**{**EVENT, "end": "2026-11-20"}), ("suggestions.0.end", "calendar.order", "error")),
        (chip(**{**EVENT, "end": ""}), ("suggestions.0.end", "required", "error")),
        (chip(**{**EVENT, "start": "2026-02-30"}), ("suggestions.0.start", "time", "error")),
        (chip(**{**EVENT, "start": "21.11.2026"}), ("suggestions.0.start", "time", "error")),
        (chip(**{**EVENT, "title": "a" * 101}), ("suggestions.0.title", "length", "error")),
        (chip(**{**EVENT, "description": "a" * 501}), ("suggestions.0.description", "length", "error")),
        (text(text=""), ("text", "required", "error")),
        ({"kind": "card", "card": {"media": {"asset": "1"}}}, None),
        ({"kind": "card", "card": {"description": "d"}}, None),
        ({"kind": "card"}, ("card", "card.empty", "error")),
        ({**card(), "orientation": "HORIZONTAL", "alignment": "LEFT"}, None),
        ({**card(), "orientation": "HORIZONTAL"}, ("alignment", "required", "error")),
        ({**card(), "alignment": "LEFT"}, ("alignment", "alignment", "error")),
        ({**card(), "title_style": ["bold", "bold"]}, ("title_style", "style.repeated", "error")),
        ({**card(), "title_style": ["bold", "italics", "underline"]}, None),
        (card(media={"asset": "1", "alt": "a" * 200}), None),
        (card(media={"asset": "1", "alt": "a" * 201}), ("card.media.alt", "length", "error")),
        (card(media={"asset": ""}), ("card.media.asset", "required", "error")),
        (card(media={"asset": "9"}), ("card.media.asset", "media.unknown", "error")),
        (card(media={"asset": "2"}), ("card.media.thumbnail", "thumbnail.missing", "warning")),
        (card(media={"asset": "2", "thumbnail": "1"}), None),
        (card(media={"asset": "2", "thumbnail": "2"}), ("card.media.thumbnail", "thumbnail.type", "error")),
        ({"kind": "file"}, ("media", "required", "error")),
        ({"kind": "file", "media": {"asset": "1"}}, None),
        ({"kind": "place", "latitude": "0", "longitude": "0", "label": "a" * 100}, None),
        ({"kind": "place", "latitude": "0", "longitude": "0", "label": "a" * 101}, ("label", "length", "error")),
        ({"kind": "place", "latitude": "0", "longitude": "0"}, ("label", "required", "error")),
        ({"kind": "mms", "frames": []}, ("frames", "count", "error")),
        ({"kind": "mms", "frames": [{"text": "a"}] * 9}, None),
        ({"kind": "mms", "frames": [{"text": "a"}] * 10}, ("frames", "count.operator", "warning")),
        ({"kind": "mms", "frames": [{"text": "a"}] * 16}, ("frames", "count", "error")),
        ({"kind": "mms", "frames": [{}]}, ("frames.0", "mms.empty", "error")),
        ({"kind": "mms", "frames": [{"text": "a", "seconds": 0}]}, ("frames.0.seconds", "seconds", "error")),
        ({"kind": "mms", "title": "a" * 21, "frames": [{"text": "a"}]}, ("title", "length.operator", "warning")),
        ({"kind": "sms", "text": "a" * 500}, None),
        ({"kind": "sms", "text": "a" * 501}, ("text", "length.operator", "warning")),
        ({"kind": "sms", "text": "a" * 2001}, ("text", "length", "error")),
        ({"kind": "sms", "text": ""}, ("text", "required", "error")),
    ],
)
def test_the_border_of_each_rule(data, problem):
    assert found(data) - {("suggestions.0.data", "postback.repeated", "warning")} == ({problem} if problem else set())


@pytest.mark.parametrize(("count", "tall", "refused"), [(2, "TALL", True), (2, "MEDIUM", False)])
def test_a_narrow_carousel_has_no_tall_pictures(count, tall, refused):
    cards = [{"title": "题", "media": {"asset": "1", "height": tall}}] * count
    narrow = found({"kind": "carousel", "width": "SMALL_WIDTH", "cards": cards})
    assert (("cards.1.media.height", "tall_in_narrow", "error") in narrow) is refused
    assert found({"kind": "carousel", "width": "MEDIUM_WIDTH", "cards": cards}) == set()


@pytest.mark.parametrize(
    ("mime", "size", "rule"),
    [
        ("image/png", 2 * MB, None),
        ("image/png", 2 * MB + 1, "size.operator"),
        ("image/png", 10 * MB + 1, "size"),
        ("video/mp4", 5 * MB, None),
        ("video/mp4", 5 * MB + 1, "size.operator"),
        ("video/mp4", 10 * MB + 1, "size"),
        ("audio/mpeg", 10 * MB, None),
        ("audio/mpeg", 10 * MB + 1, "size"),
    ],
)
def test_file_sizes(mime, size, rule):
    big = MediaInfo("3", mime, size)
    thumbnail = {} if mime.startswith("image") else {"thumbnail": "1"}
    rules = {item[1] for item in found(card(media={"asset": "3", **thumbnail}), media=(big, PICTURE))}
    assert rules == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("size", "rule"),
    [(10 * KB, None), (10 * KB + 1, "size.operator"), (64 * KB, "size.operator"), (64 * KB + 1, "size")],
)
def test_thumbnail_sizes(size, rule):
    small = MediaInfo("4", "image/jpeg", size)
    problems = found(card(media={"asset": "2", "thumbnail": "4"}), media=(FILM, small))
    assert {item[:2] for item in problems} == ({("card.media.thumbnail", rule)} if rule else set())


@pytest.mark.parametrize(
    ("sizes", "rule"), [((80 * KB - 1,), None), ((40 * KB, 40 * KB), "size.operator"), ((3 * MB,), "size")]
)
def test_an_mms_is_measured_whole_texts_included(sizes, rule):
    media = tuple(MediaInfo(str(number), "image/jpeg", size) for number, size in enumerate(sizes, 1))
    frames = [
        {"text": "a" if number == 1 else "", "media": {"asset": str(number)}} for number in range(1, len(sizes) + 1)
    ]
    problems = found({"kind": "mms", "frames": frames}, media=media)
    assert {item[:2] for item in problems} == ({("frames", rule)} if rule else set())


def test_refused_and_archived_files_are_not_usable():
    gone = MediaInfo("5", "image/png", 10, usable=False)
    assert found(card(media={"asset": "5"}), media=(gone,)) == {("card.media.asset", "media.unusable", "error")}


@pytest.mark.parametrize(
    ("fallback", "problem"),
    [
        ({"sms": {"text": "a" * 500}}, None),
        ({"sms": {"text": ""}}, ("fallback.sms.text", "required", "error")),
        ({"sms": {"text": "a" * 501}}, ("fallback.sms.text", "length.operator", "warning")),
        ({"aim": {"text": "a" * 201}}, ("fallback.aim.text", "length.operator", "warning")),
        ({"h5": {"text": "a" * 2001}}, ("fallback.h5.text", "length", "error")),
        ({"mms": {"title": "t", "frames": []}}, ("fallback.mms.frames", "count", "error")),
        (
            {"mms": {"title": "t", "frames": [{"media": {"asset": "9"}}]}},
            ("fallback.mms.frames.0.media.asset", "media.unknown", "error"),
        ),
    ],
)
def test_fallback_parts(fallback, problem):
    assert found(text(), fallback) == ({problem} if problem else set())


def test_sms_and_mms_have_no_fallback():
    assert found({"kind": "sms", "text": "a"}, {"sms": {"text": "a"}}) == {
        ("fallback.sms", "fallback.needless", "error")
    }


def test_the_browsers_table_is_the_same_table():
    data = as_data()
    assert set(data) == set(LIMITS) | {"sms"}
    assert all(entry["warn_unit"] for name, entry in data.items() if name != "sms")


@pytest.mark.parametrize(
    ("length", "units"), [(0, 0), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (201, 3), (202, 4)]
)
def test_billed_units_of_an_sms(length, units):
    assert segments("字" * length) == segments("a" * length) == units


def test_an_emoji_counts_twice_and_the_signature_counts():
    assert (sms_length("😀"), segments("😀" * 35), segments("😀" * 36)) == (2, 1, 2)
    preview = text_preview("您好${姓名}", "商城", {"姓名": "${商城}"})
    assert (preview.text, preview.length) == ("【商城】您好${商城}", 11)
