"""Rows of the apps, where a page of the site is tried with them."""

from tests.campaigns.conftest import make

__all__ = ["make"]
