"""The command from end to end, with so few people that only its sums can be looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_the_whole_path_adds_up(tmp_path):
    stages = "csv,xlsx,send,build,receipts,look-up"
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", "--recipients", "2000", "--history", "4000", "--database", "sqlite"]
        + ["--stages", stages, "--json"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings.local"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = {line["stage"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines["import CSV"]["details"] | {"peak MB of a hundredth": 0} == {
        "stored": 2000,
        "invalid": 10,
        "duplicate": 10,
        "peak MB of a hundredth": 0,
    }
    sent = lines["plan and send"]
    assert (sent["rows"], sent["details"]["requests"]) == (2000, 2)
    assert sent["details"]["bytes"] == sent["details"]["bytes of the limit"]
    assert {"import XLSX", "build requests", "receipts, random", "receipts, in order", "look-up"} <= set(lines)
    assert lines["look-up"]["details"]["queries"] <= 4
    assert all(line["seconds"] > 0 for line in lines.values())
