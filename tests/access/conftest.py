"""`--write-access` writes the table anew from what is so."""

from collections.abc import Callable

import pytest

from tests.access import table


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-access", action="store_true", help="write tests/access/table.txt from what is so")


@pytest.fixture
def write_access(request: pytest.FixtureRequest) -> Callable[[dict[str, str]], None]:
    def write(found: dict[str, str]) -> None:
        if request.config.getoption("--write-access", default=False):
            table.write({**table.read(), **found} if table.FILE.exists() else found)

    return write
