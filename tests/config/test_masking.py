"""What is hidden before anything is stored or logged."""

import pytest

from kit import masks


@pytest.mark.parametrize(
    ("number", "shown"),
    [("13812345678", "138****5678"), ("8613812345678", "861****5678"), ("12345", "*****"), ("", "")],
)
def test_a_phone_number(number, shown):
    assert masks.phone(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to 13812345678.", "to 138****5678."),
        ("13812345678,13912345678", "138****5678,139****5678"),
        ('{"mobile":"8613812345678"}', '{"mobile":"138****5678"}'),
        ("+8613812345678", "138****5678"),
        ("008613812345678", "138****5678"),
        ("收件人13812345678已送达", "收件人138****5678已送达"),
        ("order 20261120093000138", "order 20261120093000138"),
        ("12812345678", "12812345678"),
    ],
)
def test_numbers_in_a_text(text, shown):
    assert masks.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        'password: "hunter2"',
        '{"appKey":"hunter2"}',
        "X-Sign: hunter2",
        "aes_key=hunter2&next=1",
        "Authorization: hunter2",
        "client_secret='hunter2'",
    ],
)
def test_named_secrets(text):
    hidden = masks.text(text)
    assert "hunter2" not in hidden
    assert "***" in hidden


def test_a_callback_token_is_hidden_and_the_rest_of_the_address_is_not():
    shown = masks.text("POST /callbacks/somebody/aZ9-secret_token/receipt/ 200")
    assert shown == "POST /callbacks/somebody/***/receipt/ 200"


def test_given_secrets_are_hidden_wherever_they_stand():
    assert masks.text("key=qwertz, again qwertz!", ("qwertz",)) == "key=***, again ***!"


def test_a_secret_too_short_to_be_one_does_not_eat_the_text():
    assert masks.text("a1b2a1", ("a1", "")) == "a1b2a1"
