"""Numbers and texts from outside."""

import pytest

from messaging.gateway.cleaning import number, storable


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("86138001380", "86138001380"),
        ("10690549248469", "10690549248469"),
        ("8610690549248", "8610690549248"),
        ("", ""),
    ],
)
def test_the_country_code_is_taken_off_mainland_numbers(text, bare):
    assert number(text) == bare


@pytest.mark.parametrize(
    ("text", "clean"),
    [("退订", "退订"), ("好😀", "好😀"), ("a\x00b", "ab"), ("好\ud83d", "好?"), ("\ude00好", "?好"), ("", "")],
)
def test_texts_can_be_stored(text, clean):
    assert storable(text) == clean
