"""What vendor tests share, and the convention by which a vendor tells the contract suite what to expect of it.

Each vendor has `messaging/vendors/<v>/tests/contract.py` with one `CONTRACT = VendorContract(...)`:

    CONTRACT = VendorContract(
        credentials={"app_id": "…", "app_key": "…"},          # every declared credential, with values that look real
        settings={},                                           # only what differs from the declared defaults
        calls=(                                                # at least one for each offered outbound operation
            Call("send", "send", (SendRequest(reference="s1-1", recipients=(Recipient("13800138000"),), …),), (
                Answer("accepted", b'{"code":0}', Outcome.ACCEPTED, reasons.ACCEPTED, also={"task_id": "77"}),
                Answer("no balance", b'{"code":2}', Outcome.BLOCKED, reasons.BALANCE, "2", {"blocks": "account"}),
            )),
            Call("balance", "balance", (), (…,)),
        ),
        pushes=(                                               # at least one for each offered inbound operation, and
            PushSample("receipts", Inbound("receipt", {}, b"…"), (ReceiptEvent(…),)),      # one with an unknown word
            PushSample("receipts", Inbound("receipt", {}, b"…"), (…, …), unknown_word="XX:9"),
        ),
        now=datetime(2026, 5, 20, 2, 0, tzinfo=UTC),           # frozen while building and reading, for signed samples
    )

Beside it stands `ready(vendor, phones, reference) -> SendRequest`: a send that the vendor's own sandbox accepts, after
whatever has to be submitted there first (the sandbox approves by itself). An adapter that cannot send has none.

`tests/messaging/test_every_vendor.py` and `test_every_sandbox.py` run all of it over the registry. Exact payloads are
each vendor's own tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome, TransportError
from messaging.gateway.types import (
    AccountConfig,
    Event,
    Inbound,
    Recipient,
    SendRequest,
    Submission,
    Verdict,
    WireRequest,
    WireResponse,
)
from messaging.gateway.vendor import Vendor
from templates_5g.blocks import Content, Fallback, Problem, parse_content, parse_fallback

# --- the convention ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """One 2xx answer of the vendor and how it must be read. `code` "" is not compared. `also` names attributes of the
    result, or else of its verdict, with their exact values (task_id, accepted_count, message_ids, split, blocks …)."""

    name: str
    body: bytes
    outcome: Outcome
    reason: str
    code: str = ""
    also: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One way of calling one outbound operation: `operation` is an Operation.key, `verb` the public method of Vendor,
    `args` its positional arguments, `settings` what the account must be set to for it."""

    operation: str
    verb: str
    args: tuple[Any, ...]
    answers: tuple[Answer, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PushSample:
    """One pushed body, or one polled body (`polled`: only parsed), and the events in it, in order.

    Keys are not compared: they must be filled, differ within the body and come out the same again. Of an MalformedEvent only
    the type is compared. `signed`: changing one byte of the body must be refused. `ack`: the exact reply, where it does
    not depend on the time. `unknown_word`: this word stands in one receipt of the body; that receipt must come out as
    UNKNOWN_WORD or FAILED with the word kept in `code` or `message`.
    """

    operation: str
    inbound: Inbound
    events: tuple[Event, ...]
    signed: bool = False
    polled: bool = False
    ack: bytes | None = None
    unknown_word: str = ""


@dataclass(frozen=True)
class VendorContract:
    """See the head of this module. `now` None leaves the clock alone."""

    credentials: Mapping[str, str]
    calls: tuple[Call, ...] = ()
    pushes: tuple[PushSample, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    now: datetime | None = None


# verb -> the builder that it rests on
VERBS = {
    "send": "build_send",
    "submit": "build_submit",
    "balance": "build_balance",
    "query_template": "build_query_template",
    "delete_template": "build_delete_template",
    "poll": "build_poll",
    "confirm": "build_confirm",
    "retrieve": "build_retrieve",
}

# --- pieces for tests --------------------------------------------------------------------------------------------


class FakeHttp(Http):
    """Answers from a list instead of a socket and keeps what was asked. An Outcome in the list stands for a transport
    that failed that way."""

    def __init__(self, *answers: WireResponse | bytes | Outcome) -> None:
        super().__init__(account("http://nowhere.invalid", {}))
        self.answers = list(answers)
        self.requests: list[WireRequest] = []

    def exchange(self, request: WireRequest) -> WireResponse:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Outcome):
            raise TransportError(answer, "no_answer", "as the test asked")
        return answer if isinstance(answer, WireResponse) else response(answer)


def response(body: bytes = b"", headers: Mapping[str, str] | None = None) -> WireResponse:
    return WireResponse(200, {name.lower(): value for name, value in (headers or {}).items()}, body)


def account(
    base_url: str = "http://127.0.0.1:1",
    credentials: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AccountConfig:
    return AccountConfig("test account", base_url, credentials or {}, settings or {}, ("127.0.0.1", "x"))


def configured(
    vendor: type[Vendor],
    contract: VendorContract,
    base_url: str = "http://127.0.0.1:1",
    settings: Mapping[str, Any] | None = None,
) -> AccountConfig:
    """The contract's account with the vendor's defaults, as the account model would hand it over."""
    defaults = {declared.name: declared.default for declared in vendor.settings}
    return account(base_url, contract.credentials, {**defaults, **contract.settings, **(settings or {})})


def content(**data: object) -> Content:
    """Content from the JSON shape of templates_5g.blocks.content. Raises ValueError for a shape that is none."""
    value, problems = parse_content(data)
    _raise(problems)
    return value


def fallback(**data: object) -> Fallback:
    """Fallback parts from their JSON shape. Raises ValueError."""
    value, problems = parse_fallback(data)
    _raise(problems)
    return value


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise ValueError([f"{problem.path}: {problem.rule}" for problem in problems])


def send_request(*phones: str, **changes: Any) -> SendRequest:
    """A batch to these phones (one phone if none is named), a plain text by default."""
    people = tuple(Recipient(phone) for phone in phones or ("13800138000",))
    basis = SendRequest(reference="s1-1", recipients=people, signature="测试", text="您好")
    return replace(basis, **changes)


def submission(main: Content, **changes: Any) -> Submission:
    basis = Submission(name="春季上新", part="main", content=main, fallback=Fallback(), signature="测试")
    return replace(basis, **changes)


def verdict_of(result: Any) -> Verdict:
    """The verdict in whatever a verb returned."""
    return result if isinstance(result, Verdict) else result.verdict
