"""Pages behind PgBouncer in transaction mode: several people at once, every page, and a file that streams."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.db import connections
from django.urls import reverse

from campaigns.models import Audience, AudienceImport, ImportProblem
from campaigns.states import ImportState
from tests import pgbouncer, postgres
from tests.desk import Person
from tests.installation import looking_into
from tests.messaging.admin.test_every_page import listed
from tools.demo.processes import ROOT, Stack, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.xdist_group("pooled")]

PEOPLE = 4
PROBLEMS = 12_000


def _hashed(password: str) -> str:
    """As the web process would: one that it hashes anew at the first log-in ends everybody else's session."""
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(password, hasher.salt())


@pytest.fixture(scope="module")
def pooled(tmp_path_factory, django_db_blocker) -> Iterator[tuple[str, str, str]]:
    """(address of the pages, of the server itself, of the pooler)."""
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    if pgbouncer.program() is None:
        pytest.skip(pgbouncer.MISSING)
    home: Path = tmp_path_factory.mktemp("pooled")
    with postgres.server() as server, pgbouncer.pgbouncer(server) as pooler:
        env = {"DATABASE_URL": pooler, "DATABASE_POOLED": "true", "DATA_DIR": str(home), "SONGDA_LOCAL": "1"}
        env["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        stack = Stack(web_port=postgres.free_port(), sandbox_port=0, env=env, logs=home / "logs", threads=8)
        stack.web.start()
        try:
            wait_for(f"{stack.web_url}/admin/login/", stack.web, stack.logs)
            with looking_into(server.url, django_db_blocker):
                root = User.objects.create_superuser("root")
                root.password = _hashed("pooled-pages")
                root.save()
                yield stack.web_url, server.url, pooler
        finally:
            stack.web.stop(10)


def test_every_page_opens_for_several_people_at_once(pooled):
    pages = [
        reverse(name).removeprefix("/admin") for name in [*listed(), "admin:run_status", "admin:reports", "admin:index"]
    ]

    def visit(_number: int) -> Counter[tuple[str, int]]:
        person = Person(pooled[0], "root", "pooled-pages")
        answers = [(page, person.session.get(person.base + page, timeout=60).status_code) for page in pages]
        return Counter(answers)

    with ThreadPoolExecutor(PEOPLE) as crowd:
        seen = sum(crowd.map(visit, range(PEOPLE)), Counter())
    assert len(seen) >= len(pages)
    assert {page: code for page, code in seen if code >= 500} == {}
    assert sum(n for (_page, code), n in seen.items() if code == 200) >= PEOPLE * 20


def test_files_stream_whole_for_several_people_at_once(pooled):
    audience = Audience.objects.create(name="甲", consent_source="门店", consent_on=date(2026, 1, 8))
    source = AudienceImport.objects.create(
        audience=audience, file_name="甲.csv", sha256="0" * 64, state=ImportState.DONE, rows=PROBLEMS, invalid=PROBLEMS
    )
    ImportProblem.objects.bulk_create(
        ImportProblem(source=source, line=n, reason="bad_number", value="1**") for n in range(2, PROBLEMS + 2)
    )
    path = reverse("admin:campaigns_audience_file_problems", args=[source.pk]).removeprefix("/admin")

    def fetch(_number: int) -> list[int]:
        person = Person(pooled[0], "root", "pooled-pages")
        lines = person.get(path).content.decode("utf-8-sig").splitlines()
        return [int(line.partition(",")[0]) for line in lines[1:]]

    with ThreadPoolExecutor(PEOPLE) as crowd:
        found = list(crowd.map(fetch, range(PEOPLE)))
    assert found == [list(range(2, PROBLEMS + 2))] * PEOPLE


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", "SONGDA_LOCAL": "1", **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_worker_refuses_to_start_where_nothing_ends_a_transaction_that_stands_still(pooled, tmp_path):
    _web, server, pooler = pooled
    behind = manage("worker", DATABASE_URL=pooler, DATABASE_POOLED="true", DATA_DIR=str(tmp_path))
    assert behind.returncode == 1
    assert "PostgreSQL says 0 for idle_in_transaction_session_timeout and lock_timeout" in behind.stderr
    switched_off = manage("worker", DATABASE_URL=server, DATA_DIR=str(tmp_path), PGOPTIONS="-c lock_timeout=0")
    assert switched_off.returncode == 1
    assert "PostgreSQL says 0 for lock_timeout:" in switched_off.stderr
    warned = manage(
        "check", "--database", "default", DATABASE_URL=pooler, DATABASE_POOLED="true", DATA_DIR=str(tmp_path)
    )
    assert "songda.W003" in warned.stderr


def test_the_roles_own_time_outs_count_through_the_pooler(pooled, tmp_path):
    _web, _server, pooler = pooled
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER ROLE songda SET idle_in_transaction_session_timeout = '15s'")
        cursor.execute("ALTER ROLE songda SET lock_timeout = '5s'")
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    checked = manage(
        "check", "--database", "default", DATABASE_URL=pooler, DATABASE_POOLED="true", DATA_DIR=str(tmp_path)
    )
    assert "songda.W003" not in checked.stderr
