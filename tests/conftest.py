"""What every test may ask for: a sandbox over real HTTP, an account at it, people to send to."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser tests' event loop runs beside Django

from tests.builders import House


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Any]:
    """One sandbox server for the session, all vendors, on a free port."""
    from messaging.gateway.sandbox_server import run_in_thread

    with run_in_thread() as server:
        yield server


@pytest.fixture
def sandbox(sandbox_process: Any) -> Iterator[Any]:
    """The sandbox, empty: no ledger, no faults, no settings, nothing pushed by itself."""
    for mount in sandbox_process.mounts.values():
        mount.reset()
    yield sandbox_process
    for mount in sandbox_process.mounts.values():
        mount.reset()


@pytest.fixture
def house(db: None, sandbox: Any) -> House:
    """A gateway account at the sandbox with an approved text template, and builders for everything else."""
    return House(sandbox)


@pytest.fixture
def run_queue() -> Callable[[], int]:
    """Run everything that waits in the queue, here and now."""
    from messaging import queue

    return queue.run_waiting


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """What one test has looked up is no answer for the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def house_language() -> None:
    """The language that a page of an earlier test has left to this thread is not the next one's."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(autouse=True)
def one_person_suffices(monkeypatch: pytest.MonkeyPatch) -> None:
    """While no rules are saved, a new template or an open window alone asks for no colleague: most tests have one person."""
    from campaigns.models import SendingRules

    def current(cls: type[SendingRules]) -> SendingRules:
        unsaved = cls(pk=1, approve_first_use=False, approve_outside_hours=False)
        return cls.objects.filter(pk=1).first() or unsaved

    monkeypatch.setattr(SendingRules, "current", classmethod(current))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With FAIL_ON_SKIP (continuous integration) a skipped test is a failed run: nothing may quietly stop being tested."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("FAIL_ON_SKIP") and skipped and not exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
