"""The local settings have keys that everybody knows: they start on this machine's own SQLite alone, unless told otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def check(tmp_path: Path, **values: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: text for name, text in os.environ.items() if name not in ("DATABASE_URL", "SONGDA_LOCAL", "ALLOWED_HOSTS")
    }
    env = {**kept, "DJANGO_SETTINGS_MODULE": "config.settings.local", "DATA_DIR": str(tmp_path), **values}
    code = "import django; django.setup()"
    return subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_machine_of_its_own_needs_nothing(tmp_path: Path) -> None:
    assert check(tmp_path).returncode == 0


@pytest.mark.parametrize(
    "values", [{"DATABASE_URL": "postgres://songda@db/songda"}, {"ALLOWED_HOSTS": "songda.example.com"}]
)
def test_a_database_or_a_name_that_others_reach_is_refused(tmp_path: Path, values: dict[str, str]) -> None:
    refused = check(tmp_path, **values)
    assert refused.returncode == 1
    assert "config.settings.production" in refused.stderr
    assert check(tmp_path, SONGDA_LOCAL="1", **values).returncode == 0


def test_what_lies_in_the_data_folder_is_for_its_owner(tmp_path: Path) -> None:
    check(tmp_path, DATA_DIR=str(tmp_path / "var"))
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
