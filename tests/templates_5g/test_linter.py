"""Rules from real refusals: each found at its place, and its one-click fix really mends it."""

import pytest

from templates_5g.blocks import parse_content, parse_fallback
from templates_5g.blocks.checks import MediaInfo
from templates_5g.linter import Message, lint, with_opt_out
from templates_5g.shapes import cut_share

GOOD = "满300减50，拒收请回复R"


def message(content, fallback=None, purpose="marketing", media=(), longest=None):
    parsed, shape = parse_content(content)
    parts, more = parse_fallback(fallback)
    assert not shape + more
    return Message(parsed, parts, purpose, {info.asset: info for info in media}, longest or {})


def found(*args, **kwargs):
    return [(item.problem.path, item.problem.rule, item.problem.severity) for item in lint(message(*args, **kwargs))]


def sms(text):
    return {"kind": "sms", "text": text}


def mended(content, fallback=None, purpose="marketing"):
    """Apply every fix that puts a text, once."""
    data = {**content, "fallback": fallback or {}}
    for item in lint(message(content, fallback, purpose)):
        if item.fix and item.fix.value is not None:
            *parents, last = item.fix.path.split(".")
            place = data
            for step in parents:
                place = place[int(step) if step.isdigit() else step]
            place[last] = item.fix.value
    return {key: value for key, value in data.items() if key != "fallback"}, data["fallback"]


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("满300减50", "满300减50，拒收请回复R"),
        ("满300减50。", "满300减50。拒收请回复R"),
        ("满300减50，", "满300减50，拒收请回复R"),
        ("满300减50 回T退订", "满300减50，拒收请回复R"),
        ("满300减50，退订回T", "满300减50，拒收请回复R"),
        ("满300减50（回复TD退订）", "满300减50，拒收请回复R"),
        ("满300减50 拒收回R", "满300减50，拒收请回复R"),
        ("拒收请回复R，满300减50", "满300减50，拒收请回复R"),
        ("拒收请回复R", "拒收请回复R"),
        ("", "拒收请回复R"),
    ],
)
def test_the_opt_out_words_are_put_at_the_end(text, fixed):
    assert with_opt_out(text) == fixed
    assert with_opt_out(fixed) == fixed


def test_a_marketing_sms_must_end_with_the_opt_out_words():
    assert found(sms("满300减50")) == [("text", "optout.missing", "error")]
    assert found(sms(GOOD)) == []
    assert found(sms(GOOD + " \n")) == []
    assert found(sms("验证码1234"), purpose="notice") == []
    content, _fallback = mended(sms("满300减50 退订回T"))
    assert content["text"] == GOOD


def test_the_rule_holds_for_the_fallback_too():
    text = {"kind": "text", "text": "好"}
    assert found(text, {"sms": {"text": "好"}}) == [("fallback.sms.text", "optout.missing", "error")]
    assert found(text, {"sms": {"text": GOOD}}) == []


def test_a_marketing_mms_should_say_how_to_refuse():
    frames = [{"text": "第一页"}, {"text": "第二页"}]
    assert found({"kind": "mms", "frames": frames}) == [("frames.1.text", "optout.mms", "warning")]
    assert found({"kind": "mms", "frames": [{"text": "退订回T"}, {"text": "x"}]}) == []


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("【商城】" + GOOD, GOOD),
        (" 【商城】 " + GOOD, GOOD),
        ("【商城】【会员】" + GOOD, "「会员」" + GOOD),
        ("点【这里】" + GOOD, "点「这里」" + GOOD),
        ("】" + GOOD, "」" + GOOD),
    ],
)
def test_brackets_of_the_signature_stay_out_of_the_body(text, fixed):
    assert found(sms(text)) == [("text", "signature.in_body", "error")]
    assert mended(sms(text))[0]["text"] == fixed
    assert found(sms(fixed)) == []


def test_adjacent_variables():
    text = "${城市}${门店}${时间}到货"
    assert found(sms(text), purpose="notice") == [("text", "variables.adjacent", "error")]
    assert mended(sms(text), purpose="notice")[0]["text"] == "${城市}，${门店}，${时间}到货"
    assert found(sms("${城市} ${门店}"), purpose="notice") == [("text", "variables.adjacent", "error")]
    assert found(sms("${城市}的${门店}"), purpose="notice") == []
    card = {"kind": "card", "card": {"title": "${a}${b}"}}
    assert ("card.title", "variables.adjacent", "warning") in found(card, {"sms": {"text": "x"}}, "notice")


@pytest.mark.parametrize("text", ["${姓名 您好", "您好${", "${}", "${a\nb}"])
def test_a_variable_that_is_none_is_named(text):
    assert found(sms(text), purpose="notice") == [("text", "variables.broken", "error")]


def test_variables_in_a_marketing_sms_are_a_warning():
    assert found(sms("${姓名}" + GOOD)) == [("text", "variables.promotional", "warning")]
    assert found(sms("${阅信短链}" + GOOD)) == []
    assert found(sms("${姓名}您好"), purpose="notice") == []


@pytest.mark.parametrize(
    ("name", "risky"),
    [
        ("链接", True),
        ("活动网址", True),
        ("url", True),
        ("客服电话", True),
        ("phone", True),
        ("微信号", True),
        ("姓名", False),
        ("curls", False),
    ],
)
def test_links_and_numbers_do_not_belong_in_variables(name, risky):
    rules = [rule for _path, rule, _severity in found(sms(f"看${{{name}}}吧"), purpose="notice")]
    assert rules == (["variables.link"] if risky else [])


def test_a_link_with_a_variable_is_named_at_its_field():
    chip = {"kind": "open_url", "label": "看", "data": "d", "url": "https://x.cn/${编号}"}
    text = {"kind": "text", "text": "好", "suggestions": [chip]}
    assert ("suggestions.0.url", "variables.link", "warning") in found(text, {"sms": {"text": GOOD}})


def test_lengths_with_long_values():
    title = "a" * 147 + "${姓名}"
    card = {"kind": "card", "card": {"title": title}}
    problems = lint(message(card, {"sms": {"text": GOOD}}, longest={"姓名": 1}))
    assert [item.problem.rule for item in problems] == []
    long_card = {"kind": "card", "card": {"title": "字" * 44 + "${姓名}"}}
    soft = [item.problem for item in lint(message(long_card, {"sms": {"text": GOOD}}, longest={"姓名": 7}))]
    assert [(item.rule, item.params["length"], item.params["most"]) for item in soft] == [("length.filled", 153, 150)]
    hard = [item.problem for item in lint(message(sms("a" * 1990 + "${地址}"), purpose="notice", longest={"地址": 30}))]
    assert [(item.rule, item.params["length"], item.params["most"]) for item in hard] == [("length.filled", 2020, 2000)]


@pytest.mark.parametrize(
    ("have", "shown", "percent"),
    [((900, 504), (900, 504), 0), ((1440, 720), (900, 504), 11), ((1000, 1000), (900, 336), 63)],
)
def test_how_much_of_a_picture_is_cut(have, shown, percent):
    assert cut_share(have, shown) == percent


@pytest.mark.parametrize(
    ("width", "height", "rules"),
    [(900, 504, []), (1200, 1200, ["picture.shape"]), (440, 246, ["picture.small"]), (1440, 720, [])],
)
def test_pictures_of_the_wrong_shape(width, height, rules):
    info = MediaInfo("1", "image/png", 100, width, height)
    card = {"kind": "card", "card": {"media": {"asset": "1"}}}
    items = lint(message(card, {"sms": {"text": GOOD}}, media=(info,)))
    assert [item.problem.rule for item in items] == rules
    if rules == ["picture.shape"]:
        assert (items[0].fix.path, items[0].fix.crop) == ("card.media.asset", (900, 504))


@pytest.mark.parametrize(
    ("content", "suggested"),
    [
        ({"kind": "text", "text": "满300减50"}, "满300减50，拒收请回复R"),
        (
            {"kind": "card", "card": {"title": "会员日", "description": "【全场】九折"}},
            "会员日：「全场」九折，拒收请回复R",
        ),
        ({"kind": "carousel", "cards": [{"title": "甲"}, {"title": "乙"}]}, "甲，拒收请回复R"),
        ({"kind": "file"}, ""),
    ],
)
def test_a_missing_fallback_comes_with_a_first_draft(content, suggested):
    item = next(item for item in lint(message(content)) if item.problem.rule == "fallback.missing")
    assert (item.problem.severity, item.fix.path, item.fix.value) == ("warning", "fallback.sms", {"text": suggested})
    if suggested:
        rules = [rule for _path, rule, _severity in found(content, {"sms": item.fix.value})]
        assert rules == []


def test_sms_beside_smart_sms_is_named():
    both = {"sms": {"text": GOOD}, "aim": {"text": "${阅信短链}好"}}
    assert found({"kind": "text", "text": "好"}, both) == [("fallback.aim", "fallback.exclusive", "warning")]


def test_a_clean_message_has_no_findings():
    card = {"kind": "card", "card": {"title": "会员日", "description": "${姓名}，全场九折"}}
    assert found(card, {"sms": {"text": GOOD}}) == []
