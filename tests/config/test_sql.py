"""Statements in files: how they are found, what their parameters may be, and that both databases take them alike."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import pytest
from django.db import connection

from kit import sql
from messaging.models import Dispatch
from messaging.states import DispatchState

pytestmark = pytest.mark.django_db


class Pair(NamedTuple):
    first: int
    second: str


@pytest.fixture
def beside(tmp_path):
    """The statements beside a module that does not exist: those of both databases, and those of the one in use."""

    def written(both="", this=""):
        (tmp_path / "module.sql").write_text(both, encoding="utf-8")
        if this:
            (tmp_path / f"module.{connection.vendor}.sql").write_text(this, encoding="utf-8")
        return sql.beside(str(tmp_path / "module.py"))

    return written


def test_rows_come_as_what_the_caller_wants(beside):
    found = beside(
        "-- name: pairs\nSELECT 1, 'a' WHERE :yes = 1 UNION ALL SELECT 2, 'b' ORDER BY 1\n\n"
        "-- name: none\nSELECT 1, 'a' WHERE 1 = 0\n"
    )
    pairs, none = found["pairs"], found["none"]
    assert pairs.rows(Pair, yes=1) == [Pair(1, "a"), Pair(2, "b")]
    assert pairs.first(Pair, yes=1) == Pair(1, "a")
    assert pairs.value(yes=0) == 2
    assert (none.rows(Pair), none.first(Pair), none.value()) == ([], None, None)


def test_comments_percents_casts_and_times_of_day_are_no_parameters(beside):
    found = beside(
        "-- Of :all.\n-- name: other\nSELECT 2\n\n-- Not :this one.\n-- name: asked\n"
        "  -- nor :that, 100%\nSELECT 'a%b', CAST(:n AS integer), '12:30:ss'\n",
        "-- name: cast\nSELECT '7'::int + :n::int\n",
    )
    assert found["asked"].rows(lambda *row: row, n=7) == [("a%b", 7, "12:30:ss")]
    assert found["other"].value() == 2
    if connection.vendor == "postgresql":
        assert found["cast"].value(n=1) == 8


def test_statements_of_both_databases_stand_beside_those_of_this_one(beside):
    found = beside("-- name: both\nSELECT 1\n", "-- name: this\nSELECT 2\n")
    assert (found["both"].value(), found["this"].value()) == (1, 2)


@pytest.mark.parametrize(
    ("both", "this"),
    [("-- name: hurried quickly\nSELECT 1\n", ""), ("-- name: twice\nSELECT 1\n", "-- name: twice\nSELECT 2\n")],
)
def test_two_of_one_name_or_an_unknown_word_behind_it_are_mistakes(beside, both, this):
    with pytest.raises(ValueError, match="-- name:"):
        beside(both, this)["twice"].value()


def test_a_tuple_is_written_out_and_a_list_is_one_value(beside):
    listed = "SELECT 1 WHERE 2 = ANY(:numbers)"
    if connection.vendor == "sqlite":
        listed = "SELECT 1 WHERE 2 IN (SELECT value FROM json_each(:numbers))"
    found = beside(
        "-- name: among\nSELECT COUNT(*) FROM messaging_dispatch WHERE state IN :states\n",
        f"-- name: listed\n{listed}\n",
    )
    assert found["among"].value(states=(DispatchState.READY, DispatchState.RUNNING)) == 0
    assert found["among"].value(states=()) == 0
    assert [found["listed"].value(numbers=numbers) for numbers in ([1, 2], [3], [])] == [1, None, None]


def test_values_are_stored_as_the_orm_stores_them(beside, house):
    dispatch = house.make_dispatch(["13800000001"])
    at, run = datetime(2026, 11, 26, 9, 30, tzinfo=UTC), UUID("0198c0de-0000-7000-8000-000000000001")
    found = beside("-- name: change\nUPDATE messaging_dispatch SET started_at = :at, run_id = :run_id WHERE id = :id\n")
    assert found["change"].run(at=at, run_id=run, id=dispatch.pk) == 1
    assert Dispatch.objects.get(started_at=at, run_id=run) == dispatch


def test_a_fragment_stands_in_the_place_of_its_parameter(beside):
    found = beside(
        "-- name: inner\nSELECT n, :text AS said FROM (SELECT 1 AS n UNION ALL SELECT 2) AS numbers WHERE n > :least\n\n"
        "-- name: outer\nSELECT COUNT(*), MIN(:column) FROM (:source) AS found WHERE n < :most\n"
    )
    asked = {"source": found["inner"].given(text="50%", least=1), "column": sql.name("said")}
    assert found["outer"].first(Pair, **asked, most=9) == Pair(1, "50%")
    of_its_own = sql.Fragment(":least", {"least": 7})
    assert found["outer"].first(Pair, **asked, most=of_its_own) == Pair(1, "50%")
    assert found["outer"].first(Pair, **asked, most=sql.Fragment(":least", {"least": 0})) == Pair(0, None)


def test_fragments_are_joined_by_what_stands_between(beside):
    parts = [sql.Fragment("n = :n", {"n": n}) for n in (1, 3)]
    found = beside(
        "-- name: asked\nSELECT n FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS numbers WHERE :any ORDER BY n\n"
    )
    assert found["asked"].rows(int, any=sql.joined(" OR ", parts)) == [1, 3]


def test_a_name_is_quoted():
    assert sql.name("column").text == '"column"'


def test_many_rows_have_their_values_in_the_order_of_the_parameters(beside):
    found = beside(
        "-- name: make\nCREATE TEMPORARY TABLE kept (n integer, word text)\n\n"
        "-- name: add\nINSERT INTO kept (word, n) VALUES (:word, :n)\n\n"
        "-- name: all\nSELECT n, word FROM kept ORDER BY n\n\n-- name: drop\nDROP TABLE kept\n"
    )
    found["make"].run()
    found["add"].many([("a", 1), ("b", 2)])
    found["add"].many([])
    assert found["all"].rows(Pair) == [Pair(1, "a"), Pair(2, "b")]
    found["drop"].run()


def test_a_parameter_that_is_missing_is_told_by_its_name(beside):
    with pytest.raises(KeyError, match="account"):
        beside("-- name: asked\nSELECT :account\n")["asked"].value()


def test_bytes_travel_as_bytes(beside):
    assert beside("-- name: asked prepared binary\nSELECT length(:body)\n")["asked"].value(body=b"\x00\xff\\") == 3
