"""The house as drawn: who may import whom, where a vendor's name may stand, what the files must not hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def test_the_layers_hold():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


def vendor_codes() -> list[str]:
    return [path.name for path in (ROOT / "messaging/vendors").iterdir() if (path / "adapter.py").exists()]


def test_five_vendors_are_installed():
    assert sorted(vendor_codes()) == ["emay", "hanwg", "rcs_gateway", "veesing", "yixintong"]


def test_a_vendors_name_stands_only_in_its_own_folder():
    """Tests, docs, locale, the demo and the benchmark may name vendors; nothing else."""
    names = re.compile("|".join([*vendor_codes(), "Emay", "Veesing", "Yixintong", "一信通", "亿美"]))
    allowed = (
        "messaging/vendors/",
        "tests/",
        "docs/",
        "locale/",
        "campaigns/demo/",
        "campaigns/bench/",
        "README",
        "CHANGELOG",
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked("*.py", "*.html", "*.js", "*.css")
        if not str(path.relative_to(ROOT)).startswith(allowed)
        for line in path.read_text().splitlines()
        if names.search(line)
    ]
    assert found == []


def test_the_locks_record_hashes_and_no_address():
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        pinned = len(re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE))
        assert pinned > 20
        assert text.count("--hash=sha256:") >= pinned


def test_no_path_of_a_machine():
    pattern = re.compile(r"(^|[\s\"'=(])/(root|work|home|Users)/")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in tracked("*.py", "*.md", "*.toml", "*.html", "*.js", "Makefile", ".ci/run")
        if path.name != "test_architecture.py"
        for line in path.read_text().splitlines()
        if pattern.search(line)
    ]
    assert found == []


def test_only_the_http_door_imports_requests():
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("config/*.py", "templates_5g/*.py", "messaging/*.py", "campaigns/*.py")
        if re.search(r"^\s*(import requests|from requests)", path.read_text(), re.MULTILINE)
    ]
    allowed = {"messaging/gateway/http.py", "messaging/gateway/wire.py"}
    assert {
        path for path in found if "/tests/" not in path and "sandbox" not in path and "/demo/" not in path
    } <= allowed


def test_only_env_reads_the_environment():
    pattern = re.compile(r"os\.environ\[|os\.environ\.get|os\.getenv|environ\.Env")
    found = {
        str(path.relative_to(ROOT))
        for path in tracked("config/*.py", "templates_5g/*.py", "messaging/*.py", "campaigns/*.py")
        if pattern.search(path.read_text())
    }
    assert found <= {"config/env.py"}


@pytest.mark.django_db
def test_every_migration_is_made():
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
