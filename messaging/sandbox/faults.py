"""How the sandbox misbehaves on request: rules that match a path, and what a matching rule does to an answer.

A rule as JSON: {"kind": …, "path": "part of the path", "count": 3, "every": 2, "probability": 0.5, "when": …, …}

    kind                  what happens                                          own keys (default)
    timeout_after_accept  the request is acted upon, the answer never comes     seconds (60)
    http_5xx              a server error                                        status (503)
    redirect              302 to another address                                location ("/_sandbox/followed")
    cut                   the connection is closed; when may also be "middle"   -
                          (half of the answer) or "unread" (before the body is read)
    garbage               200 with something that is no answer                  form: html (default) or bytes
    empty                 200 without a body                                    -
    slow                  the answer byte by byte                               milliseconds per byte (200)
    latency               the answer later; goes together with other rules      milliseconds (50)
    throttle              429                                                   seconds for Retry-After (1)

`when` is "after" (the request was acted upon; the default) or "before" (it was not; the default of throttle).
"""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from messaging.sandbox.base import SandboxReply

KINDS = (
    "timeout_after_accept",
    "http_5xx",
    "redirect",
    "cut",
    "garbage",
    "empty",
    "slow",
    "latency",
    "throttle",
)
WHEN = ("after", "before", "middle", "unread")
HTML = "<!DOCTYPE html><html><body><h1>系统维护中</h1></body></html>".encode()
BROKEN = b'\xff\xfe\x00{"code": \x80\x81'


class BadRule(ValueError):
    """A rule that means nothing: its text says why."""


@dataclass(frozen=True)
class Rule:
    kind: str
    path: str = ""
    count: int = 0  # at most so many times; 0 = no end
    every: int = 1
    probability: float = 1.0
    when: str = ""
    seconds: float = 0.0
    milliseconds: float = 0.0
    status: int = 503
    location: str = "/_sandbox/followed"
    form: str = "html"

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Rule":
        """Raises BadRule."""
        strange = set(data) - {declared.name for declared in fields(cls)}
        if strange:
            raise BadRule(f"unknown keys in a rule: {', '.join(sorted(strange))}")
        rule = cls(**data) if "kind" in data else cls(kind="")
        if rule.kind not in KINDS:
            raise BadRule(f"kind must be one of {', '.join(KINDS)}")
        if rule.when and rule.when not in WHEN:
            raise BadRule(f"when must be one of {', '.join(WHEN)}")
        if not isinstance(rule.every, int) or rule.every < 1:
            raise BadRule("every must be a whole number from 1")
        return rule

    @property
    def acts(self) -> bool:
        """Is the request acted upon although the answer is spoiled?"""
        return (self.when or ("before" if self.kind == "throttle" else "after")) in ("after", "middle")


@dataclass(frozen=True)
class Plan:
    """What goes over the wire: wait `hold` seconds, then `reply` (None: close without a word), `drip` seconds after
    each byte, and close once `cut_at` bytes of the body are out."""

    reply: SandboxReply | None
    hold: float = 0.0
    drip: float = 0.0
    cut_at: int | None = None


@dataclass
class _Counting:
    rule: Rule
    seen: int = 0
    fired: int = 0


@dataclass
class FaultBook:
    """The rules of one vendor. The same seed and the same order of requests give the same faults."""

    seed: int = 1
    _rules: list[_Counting] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def replace(self, rules: Sequence[Mapping[str, Any]], seed: int = 1) -> None:
        """Put these rules in place of all. Raises BadRule."""
        parsed = [_Counting(Rule.parse(rule)) for rule in rules]
        with self._lock:
            self._rules = parsed
            self._random = random.Random(seed)

    def choose(self, path: str) -> tuple[float, Rule | None]:
        """Seconds of latency, and the first rule that fires for this request."""
        latency, chosen = 0.0, None
        with self._lock:
            for counting in self._rules:
                rule = counting.rule
                if rule.path not in path or (rule.kind != "latency" and chosen) or not self._fires(counting):
                    continue
                if rule.kind == "latency":
                    latency += (rule.milliseconds or 50.0) / 1000
                else:
                    chosen = rule
        return latency, chosen

    def _fires(self, counting: _Counting) -> bool:
        rule = counting.rule
        counting.seen += 1
        if counting.seen % rule.every or (rule.count and counting.fired >= rule.count):
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        counting.fired += 1
        return True

    def fired(self) -> dict[str, int]:
        with self._lock:
            counts: dict[str, int] = {}
            for counting in self._rules:
                counts[counting.rule.kind] = counts.get(counting.rule.kind, 0) + counting.fired
            return counts


def plan(rule: Rule | None, act: Callable[[], SandboxReply]) -> Plan:
    """What the wire sees. `act` handles the request; it is called only where the rule lets it through."""
    if rule is None:
        return Plan(act())
    good = act() if rule.acts else SandboxReply(b"")
    match rule.kind:
        case "timeout_after_accept":
            return Plan(None, hold=rule.seconds or 60.0)
        case "http_5xx":
            return Plan(SandboxReply(b"upstream error", rule.status))
        case "redirect":
            return Plan(SandboxReply(b"", 302, {"Location": rule.location}))
        case "cut":
            return Plan(good, cut_at=len(good.body) // 2) if rule.when == "middle" else Plan(None)
        case "garbage":
            return Plan(_garbage(rule.form))
        case "empty":
            return Plan(SandboxReply(b""))
        case "slow":
            return Plan(good, drip=(rule.milliseconds or 200.0) / 1000)
    return Plan(SandboxReply(b"slow down", 429, {"Retry-After": str(int(rule.seconds or 1))}))


def _garbage(form: str) -> SandboxReply:
    if form == "bytes":
        return SandboxReply(BROKEN, headers={"Content-Type": "application/json"})
    return SandboxReply(HTML, headers={"Content-Type": "text/html; charset=utf-8"})
