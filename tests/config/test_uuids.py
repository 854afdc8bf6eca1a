"""Ids that begin with the time."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.uuids import made_at, uuid7

AT = datetime(2026, 12, 1, 9, 30, 0, 123000, tzinfo=UTC)


def test_they_are_of_version_7_and_tell_when_they_were_made():
    made = [uuid7(AT) for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert {made_at(one) for one in made} == {AT}
    assert len(set(made)) == 1000


def test_a_later_one_is_greater_as_number_and_as_text():
    times = [AT + timedelta(milliseconds=n) for n in range(100)]
    made = [uuid7(at) for at in times]
    assert made == sorted(made)
    assert [str(one) for one in made] == sorted(str(one) for one in made)


@pytest.mark.django_db
def test_without_a_time_it_is_now():
    assert abs(made_at(uuid7()) - datetime.now(UTC)) < timedelta(minutes=1)
