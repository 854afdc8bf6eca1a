"""What every test may ask for: a sandbox over real HTTP, an account at it, people to send to."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser tests' event loop runs beside Django

from tests import tables
from tests.builders import House

_NEEDS_DATABASE = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "base", "ground"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks no database answers the same beside each: it runs once, in the half on SQLite."""
    for item in items:
        used = _NEEDS_DATABASE & set(getattr(item, "fixturenames", ()))
        if not used and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.no_database)


def pytest_collection_finish() -> None:
    """What stays until the end, every module and test, is not looked through again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The test database, from tables that are migrated already."""
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    sqlite = connection.vendor == "sqlite"
    if sqlite:
        shutil.copy(tables.sqlite_file(), connection.settings_dict["TEST"]["NAME"])
    else:
        connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get("TABLES_TEMPLATE")
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, keepdb=sqlite, serialized_aliases=set())
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Any]:
    """One sandbox server for the session, all vendors, on a free port."""
    from messaging.sandbox.server import run_in_thread

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


@pytest.fixture(scope="session", autouse=True)
def prefixes_after_a_flush() -> Iterator[None]:
    """A test that commits empties every table after it; what a migration has put there comes back for the next test."""
    from django.apps import apps
    from django.db.models.signals import post_migrate

    from campaigns.migrations._prefixes import TABLE

    def fill(using: str, apps: Any = apps, **_kwargs: Any) -> None:
        try:
            rows = apps.get_model("campaigns", "OperatorPrefix").objects.using(using)
        except LookupError:
            return  # migrated back to before there were any
        if not rows.exists():
            rows.bulk_create(
                rows.model(prefix=prefix, operator=operator)
                for operator, prefixes in TABLE.items()
                for prefix in prefixes.split()
            )

    sender = apps.get_app_config("campaigns")
    post_migrate.connect(fill, sender=sender, weak=False)
    yield
    post_migrate.disconnect(fill, sender=sender)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """What one test has looked up is no answer for the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def fence_files(
    request: pytest.FixtureRequest, settings: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Files of the restore fence that fit this test's rows: most tests roll theirs back, and files would be ahead of the next
    one's. Tests on a database of their own, which keeps its rows, share one place for it. A live server leaves the mark of a
    web process connected: it would write a file while a test's client asks for a page, and its row would be rolled back."""
    from django.core.signals import request_finished

    from messaging import fence

    request_finished.disconnect(dispatch_uid="messaging.fence.web")

    shares = "base" in request.fixturenames or "ground" in request.fixturenames
    kept = request.node.nodeid.partition("::")[0].replace("/", "-") if shares else uuid4().hex
    settings.FENCE_DIR = tmp_path_factory.getbasetemp() / "fence" / kept
    fence.forget()
    yield
    fence.forget()


@pytest.fixture(autouse=True)
def house_language() -> None:
    """The language that a page of an earlier test has left to this thread is not the next one's."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(autouse=True)
def one_person_suffices(monkeypatch: pytest.MonkeyPatch) -> None:
    """While no rules are saved, a new template or an open window alone asks for no colleague, nor the same content
    to the same people for a number: most tests have one person and one template."""
    from messaging.models import SendingPolicy

    def current(cls: type[SendingPolicy]) -> SendingPolicy:
        unsaved = cls(
            pk=1, approve_first_use=False, approve_outside_hours=False, same_content_days=0, notice_same_content_days=0
        )
        return cls.objects.filter(pk=1).first() or unsaved

    monkeypatch.setattr(SendingPolicy, "current", classmethod(current))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With FAIL_ON_SKIP (continuous integration) a skipped test is a failed run: nothing may quietly stop being tested."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("FAIL_ON_SKIP") and skipped and not exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
