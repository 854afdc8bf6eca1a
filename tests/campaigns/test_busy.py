"""A page that meets a lock which is not given free says so."""

from contextlib import AbstractContextManager

import pytest
from django.db import OperationalError

from campaigns import roles
from tests.database import failing
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db


class Sqlstate(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("canceling statement due to lock timeout")
        self.sqlstate = sqlstate


def answering(sqlstate: str) -> AbstractContextManager[object]:
    """The database does so to whoever wants to change a campaign."""
    error = OperationalError("canceling statement due to lock timeout")
    error.__cause__ = Sqlstate(sqlstate)
    return failing("UPDATE .*campaigns_campaign", error)


@pytest.mark.parametrize("sqlstate", ["55P03", "57014"])
def test_a_pause_that_waits_in_vain_says_why_and_what_to_do(make, sqlstate):
    campaign = make.campaign(make.people(3))
    client = signed_in(roles.CAMPAIGNS)
    client.raise_request_exception = False
    with answering(sqlstate):
        answer = client.post(f"/admin/campaigns/campaign/{campaign.pk}/pause/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "20")
    assert "什么都没有改" in read(answer).text


def test_any_other_trouble_of_the_database_is_no_matter_of_patience(make):
    campaign = make.campaign(make.people(3))
    client = signed_in(roles.CAMPAIGNS)
    client.raise_request_exception = False
    with answering("08006"):
        assert client.post(f"/admin/campaigns/campaign/{campaign.pk}/pause/").status_code == 500
