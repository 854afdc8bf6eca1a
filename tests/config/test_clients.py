"""A client's address is believed only as far as TRUSTED_PROXIES goes."""

import pytest
from django.test import RequestFactory

from kit import client_ip


def address(peer: str, forwarded: str | None = None) -> str:
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_ip.address(RequestFactory().get("/", REMOTE_ADDR=peer, **extra))


def test_without_proxies_only_the_peer_counts(settings):
    settings.TRUSTED_PROXIES = []
    assert address("203.0.113.9", "10.0.0.1") == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "wanted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.2", "10.0.0.1"),
        ("", "10.0.0.1"),
        (None, "10.0.0.1"),
        (" , ,198.51.100.7 ", "198.51.100.7"),
    ],
    ids=repr,
)
def test_behind_trusted_proxies_the_last_foreign_hop_counts(settings, forwarded, wanted):
    settings.TRUSTED_PROXIES = ["10.0.0.1", "10.0.0.2"]
    assert address("10.0.0.1", forwarded) == wanted


def test_a_stranger_cannot_pretend(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    assert address("203.0.113.9", "198.51.100.7") == "203.0.113.9"


def test_a_network_of_proxies_is_trusted_as_a_whole(settings):
    settings.TRUSTED_PROXIES = ["10.1.0.0/16", "2001:db8::/32"]
    assert address("10.1.7.9", "198.51.100.7, 10.1.2.3") == "198.51.100.7"
    assert address("2001:db8::5", "198.51.100.7") == "198.51.100.7"
    assert address("10.2.0.1", "198.51.100.7") == "10.2.0.1"


def test_the_scheme_is_believed_from_a_trusted_proxy_alone(settings, client, db):
    settings.TRUSTED_PROXIES = ["10.1.0.0/16"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    asked = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert client.get("/admin/login/", REMOTE_ADDR="203.0.113.9", **asked).status_code == 301
    assert client.get("/admin/login/", REMOTE_ADDR="10.1.0.1", **asked).status_code != 301
