"""The third-party file is the one that its README names, with its licences beside it."""

import hashlib
import re

from django.conf import settings

VENDOR = settings.BASE_DIR / "static" / "vendor"


def test_the_runtime_has_the_recorded_hash() -> None:
    recorded = re.search(r"`preact-htm\.js`.*`([0-9a-f]{64})`", (VENDOR / "README.md").read_text())
    assert recorded[1] == hashlib.sha256((VENDOR / "preact-htm.js").read_bytes()).hexdigest()


def test_nothing_in_it_needs_eval_and_licences_lie_beside_it() -> None:
    code = (VENDOR / "preact-htm.js").read_text()
    assert "eval(" not in code
    assert "new Function" not in code
    assert "MIT License" in (VENDOR / "LICENSE-preact.txt").read_text()
    assert "Apache License" in (VENDOR / "LICENSE-htm.txt").read_text()
