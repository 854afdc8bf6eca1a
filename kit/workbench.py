"""What the home page shows: apps say what waits for whom and what runs. Registered in AppConfig.ready()."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest

from kit.labels import Label


@dataclass(frozen=True)
class Todo:
    """One line of the to-do list: what it is (`word`), the case (`text`), where to go (`url`) and the verb (`action`).
    `count` is how many cases the line stands for; lines are shown by `rank`, lowest first."""

    word: Label
    text: Label
    url: str
    action: Label
    count: int = 1
    rank: int = 50


TO_DO: list[Callable[[HttpRequest], Iterable[Todo]]] = []
PANELS: list[tuple[int, Callable[[HttpRequest], str]]] = []


def todo(function: Callable[[HttpRequest], Iterable[Todo]]) -> Callable[[HttpRequest], Iterable[Todo]]:
    """`function(request)` yields what waits for this user; it checks permissions itself. Usable as a decorator."""
    if function not in TO_DO:
        TO_DO.append(function)
    return function


def panel(function: Callable[[HttpRequest], str], rank: int = 50) -> Callable[[HttpRequest], str]:
    """`function(request)` gives one rendered panel, "" where this user has none."""
    if all(known is not function for _rank, known in PANELS):
        PANELS.append((rank, function))
    return function


def todos(request: HttpRequest) -> list[Todo]:
    found = [item for function in TO_DO for item in function(request)]
    return sorted(found, key=lambda item: item.rank)


def panels(request: HttpRequest, *, above: bool = False) -> list[str]:
    """In the order of their ranks; `above`: those of a negative rank, which stand before the to-do list."""
    ordered = sorted((pair for pair in PANELS if (pair[0] < 0) == above), key=lambda pair: pair[0])
    return [html for html in (function(request) for _rank, function in ordered) if html]
