"""Vendors' refusals in their own words, and what we say to change."""

import pytest

from templates_5g.refusals import advice_for


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("营销类内容缺少退订方式", "optout.missing"),
        ("MarketingTemplateWithoutUnsubscribe", "optout.missing"),
        ("模板中存在相邻变量", "variables.adjacent"),
        ("变量不能为链接或电话", "variables.link"),
        ("营销短信不支持变量", "variables.promotional"),
        ("参数格式错误", "variables.broken"),
        ("签名与内容不符", "signature.in_body"),
        ("标题超长", "length"),
        ("图片尺寸不符合要求", "picture.shape"),
        ("含未报备引流链接", ""),
        ("含敏感词", ""),
    ],
)
def test_known_words_lead_to_a_rule_and_an_advice(words, rule):
    assert advice_for(words).rule == rule
    assert advice_for(words).message


def test_words_that_name_nothing_get_no_advice():
    assert advice_for("驳回") is None
    assert advice_for("") is None
