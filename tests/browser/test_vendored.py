"""The third-party files are those that their README names, with their licences beside them."""

import hashlib
import re

import pytest
from django.conf import settings

VENDOR = settings.BASE_DIR / "static" / "vendor"


@pytest.mark.parametrize("name", ["preact-htm.js", "chart.umd.js"])
def test_the_file_has_the_recorded_hash(name: str) -> None:
    recorded = re.search(rf"`{re.escape(name)}`.*`([0-9a-f]{{64}})`", (VENDOR / "README.md").read_text())
    assert recorded[1] == hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["preact-htm.js", "chart.umd.js"])
def test_nothing_in_it_needs_eval(name: str) -> None:
    code = (VENDOR / name).read_text()
    assert "eval(" not in code
    assert "new Function" not in code


def test_licences_lie_beside_them() -> None:
    assert "MIT" in (VENDOR / "LICENSE-chartjs.txt").read_text()
    assert "MIT License" in (VENDOR / "LICENSE-preact.txt").read_text()
    assert "Apache License" in (VENDOR / "LICENSE-htm.txt").read_text()
