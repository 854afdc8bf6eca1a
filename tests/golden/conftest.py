"""Golden files: what the product does now, value for value, so that a change of structure that changes behaviour is seen.
`--write-golden` writes them anew; read the difference before it is committed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "files"
Golden = Callable[[str, Any], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write tests/golden/files from what is so")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """golden(name, value): the value equals the file of that name. Text is kept as it is (`name.txt`, `name.html`), anything else
    as JSON."""

    def check(name: str, value: Any) -> None:
        path = FOLDER / name
        text = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        )
        if request.config.getoption("--write-golden", default=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"{name} is not written yet: run this test with --write-golden and read what it writes"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs"

    return check
