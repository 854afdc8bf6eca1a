"""Pages that stand in the menu beside the models. Apps register theirs in AppConfig.ready(); the admin site reads."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from kit.labels import Label
from kit.people import Visitor

GROUPS = ("content", "send", "customers", "data", "settings")


@dataclass(frozen=True)
class Page:
    """`key` is the address name. `permissions`: any one of them opens the page. `after` is the key of the page or
    "app.model" that it follows ("" = at the end of its group). `count` is shown beside the title when not zero."""

    key: str
    group: str
    title: Label
    permissions: tuple[str, ...]
    after: str = ""
    count: Callable[[HttpRequest], int | None] | None = None

    def open_to(self, user: Visitor) -> bool:
        return any(user.has_perm(permission) for permission in self.permissions)


_pages: dict[str, Page] = {}
_models: dict[str, str] = {}
_counters: dict[str, Callable[[HttpRequest], int | None]] = {}


def page(
    group: str,
    title: Label,
    url_name: str,
    permission: str | tuple[str, ...],
    after: str = "",
    count: Callable[[HttpRequest], int | None] | None = None,
) -> None:
    """Put a page into the menu. Raises ValueError for a group that does not exist."""
    if group not in GROUPS:
        raise ValueError(f"There is no menu group {group}: one of {', '.join(GROUPS)}")
    permissions = (permission,) if isinstance(permission, str) else permission
    _pages[url_name] = Page(url_name, group, title, permissions, after, count)


def model(label: str, group: str) -> None:
    """Put a model ("app.Model") into a group of the menu."""
    if group not in GROUPS:
        raise ValueError(f"There is no menu group {group}: one of {', '.join(GROUPS)}")
    _models[label.lower()] = group


def counter(label: str, function: Callable[[HttpRequest], int | None]) -> None:
    """What stands beside a model ("app.Model") in the menu when it is not zero."""
    _counters[label.lower()] = function


def count_for(label: str, request: HttpRequest) -> int | None:
    return _counters[label](request) if label in _counters else None


def pages(group: str) -> list[Page]:
    return [entry for entry in _pages.values() if entry.group == group]


def models(group: str) -> list[str]:
    return [label for label, its_group in _models.items() if its_group == group]
