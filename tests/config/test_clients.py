"""A client's address is believed only as far as TRUSTED_PROXIES goes."""

import pytest
from django.test import RequestFactory

from config.kit import clients


def address(peer: str, forwarded: str | None = None) -> str:
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return clients.address(RequestFactory().get("/", REMOTE_ADDR=peer, **extra))


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
