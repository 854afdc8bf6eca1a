"""A migration that does not get its lock lets go and tries again; any other trouble is told at once."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError


class LockTimeout(Exception):
    sqlstate = "55P03"


@pytest.fixture
def tries(monkeypatch):
    """How often it was tried; the first `fails` fail."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    made: list[int] = []

    def prepare(fails, cause):
        def handle(*_args, **_options):
            made.append(1)
            if len(made) <= fails:
                raise OperationalError("canceling statement due to lock timeout") from cause

        monkeypatch.setattr(Migrate, "handle", handle)
        return made

    return prepare


def test_it_tries_again_until_it_gets_the_lock(tries, capsys):
    made = tries(2, LockTimeout())
    call_command("migrate")
    assert len(made) == 3
    assert capsys.readouterr().err.count("A table is in use") == 2


def test_it_gives_up_in_the_end_and_says_what_to_do(tries):
    made = tries(1000, LockTimeout())
    with pytest.raises(CommandError, match="Stop the workers"):
        call_command("migrate")
    assert len(made) == 20


def test_any_other_trouble_is_told_at_once(tries):
    made = tries(1000, Exception("the server is gone"))
    with pytest.raises(OperationalError):
        call_command("migrate")
    assert len(made) == 1
