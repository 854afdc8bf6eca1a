"""A real Chromium, and the rule that no page may complain, break the content policy or ask another host."""

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import BrowserContext, Page

from tests.browser import harness
from tests.browser.driver import Editor

# Playwright keeps an event loop in this thread; Django's guard against it means other code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The shell draws the same, without a desktop's windows: a new page costs it a fifth. It keeps nothing on the disk.
WITH_DISK = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or WITH_DISK


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts and "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip("Chromium is not installed (packages: chromium-headless-shell chromium)")
                )


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    flags = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
    flags += ["disable-component-update", "disable-sync"]
    return {"executable_path": CHROMIUM, "headless": True, "args": [f"--{flag}" for flag in flags]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"viewport": {"width": 1400, "height": 1000}, "locale": "en-US", "timezone_id": "Asia/Shanghai"}


class Complaints:
    """What went wrong on any page of a context. Tests that provoke an error clear it."""

    def __init__(self, context: BrowserContext) -> None:
        self.found: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"error: {error.error}"))
        context.on("request", self._request)
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => "
            "console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI))"
        )

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https") and url.hostname not in ("127.0.0.1", "localhost"):
            self.found.append(f"asked {request.url}")


@pytest.fixture
def complaints(context: BrowserContext) -> Iterator[Complaints]:
    kept = Complaints(context)
    yield kept
    assert kept.found == []


@pytest.fixture(scope="session")
def harness_url() -> Iterator[str]:
    url, stop = harness.serve()
    yield url
    stop()


@pytest.fixture
def desk() -> harness.Desk:
    harness.desk.reset()
    return harness.desk


@pytest.fixture
def editor(page: Page, complaints: Complaints, harness_url: str, desk: harness.Desk) -> Editor:
    page.set_default_timeout(5000)
    return Editor(page, f"{harness_url}/editor/", desk)


@pytest.fixture
def closed_first(page: Page, live_server: Any) -> Iterator[None]:
    """The page is closed and its last request answered before the database is emptied: pages check and poll by
    themselves."""
    running = [0]

    def started(**_: Any) -> None:
        running[0] += 1

    def finished(**_: Any) -> None:
        running[0] -= 1

    request_started.connect(started)
    request_finished.connect(finished)
    yield
    page.close()
    until = time.monotonic() + 5
    while running[0] > 0 and time.monotonic() < until:
        time.sleep(0.01)
    request_started.disconnect(started)
    request_finished.disconnect(finished)
