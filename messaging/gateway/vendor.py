"""The vendor contract: declare, build, read. A vendor is one folder; nothing vendor-shaped stands outside it.

A vendor class declares what it is (class attributes) and implements pairs of pure functions: `build_…` makes the one
HTTP request, `read_…` reads its answer. The public verbs below run a pair over `Http` and turn every way of not getting
an answer into a Verdict, so no adapter handles time-outs. What a document does not offer raises Unsupported.
"""

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar

from messaging.gateway import reasons, storable, verdicts
from messaging.gateway.content_checks import carries
from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome, TransportError, UnreadableBody, Unsupported
from messaging.gateway.types import (
    AccountConfig,
    Balance,
    Capabilities,
    Event,
    Field,
    Inbound,
    Operation,
    Polled,
    SendRequest,
    SendResult,
    Submission,
    SubmissionResult,
    TemplateStatus,
    Verdict,
    WireReply,
    WireRequest,
    WireResponse,
)
from templates_5g.blocks import Content, Fallback, Problem

log = logging.getLogger(__name__)
SHORT_PUSH, LONG_PUSH = 64 * 1024, 8 * 1024 * 1024
Result = TypeVar("Result")


class Vendor:
    """One account at one vendor, for the length of one job. Not shared between threads."""

    code: ClassVar[str]
    name: ClassVar[str]  # msgid
    document: ClassVar[str]  # which vendor document is the specification
    default_base_url: ClassVar[str] = ""
    credentials: ClassVar[tuple[Field, ...]] = ()
    settings: ClassVar[tuple[Field, ...]] = ()
    send_options: ClassVar[tuple[Field, ...]] = ()
    submit_options: ClassVar[tuple[Field, ...]] = ()
    capabilities: ClassVar[Capabilities] = Capabilities()
    operations: ClassVar[tuple[Operation, ...]] = ()
    # The headers (lower case) that reading a push needs; no others are kept.
    push_headers: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, account: AccountConfig, http: Http | None = None) -> None:
        self.account = account
        self.http = http or Http(account)

    # --- the verbs that services call -------------------------------------------------------------------------

    def send(self, request: SendRequest) -> SendResult:
        """Build and hand over one batch, unless it would certainly be refused for everybody."""
        if stop := self.stops_send(request):
            return SendResult(stop)
        return self._ask(self.build_send(request), lambda answer: self.read_send(answer, request), SendResult)

    def submit(self, submission: Submission) -> SubmissionResult:
        """Submit one part for audit, unless it would certainly be refused."""
        if problem := self.stops_submit(submission):
            message = problem.message % problem.params
            return SubmissionResult(verdicts.rejected(reasons.BAD_REQUEST, message))
        wire = self.build_submit(submission)
        return self._ask(wire, lambda answer: self.read_submit(answer, submission), SubmissionResult)

    def balance(self) -> Balance:
        return self._ask(self.build_balance(), self.read_balance, Balance)

    def query_template(self, template_id: str) -> TemplateStatus:
        return self._ask(self.build_query_template(template_id), self.read_query_template, TemplateStatus)

    def delete_template(self, template_id: str) -> Verdict:
        return self._ask(self.build_delete_template(template_id), self.read_delete_template, _itself)

    def poll(self, kind: str, limit: int = 500) -> Polled:
        """Ask for what waits at the vendor. The caller stores `body` before it does anything else."""
        return self._ask(self.build_poll(kind, limit), lambda answer: self.read_poll(kind, answer), Polled)

    def confirm(self, kind: str, events: Sequence[Event]) -> Verdict | None:
        """Tell the vendor that these are safe with us; only after they are committed. None where it has no confirm."""
        wire = self.build_confirm(kind, events)
        return self._ask(wire, self.read_confirm, _itself) if wire else None

    def retrieve(self, start: datetime, end: datetime) -> Verdict:
        """Ask the vendor to give the receipts of a past window again."""
        return self._ask(self.build_retrieve(start, end), self.read_retrieve, _itself)

    def opened(self, wire: WireRequest) -> bytes:
        """The body of a request before it was sealed, for a person to read. Vendors that seal theirs say how to open it."""
        return wire.body

    def _ask(
        self, wire: WireRequest, read: Callable[[WireResponse], Result], failed: Callable[[Verdict], Result]
    ) -> Result:
        """One exchange, read. What a verb raises was raised while building, before anything was on the wire; from the first
        byte on, whatever goes wrong is a verdict."""
        try:
            return storable.value(read(self.http.exchange(wire)))
        except TransportError as error:
            return failed(_verdict(error))
        except UnreadableBody as error:
            return failed(verdicts.unreadable(str(error)))
        except Exception as error:
            log.exception("An answer of %s could not be read", self.code)
            return failed(verdicts.unreadable(type(error).__name__))

    def events(self, inbound: Inbound) -> list[Event]:
        """What a pushed or polled body says, fit to be stored: `parse`, of the part that `inbound` asks for. Raises
        UnreadableBody."""
        self._require(inbound.kind, self.capabilities.callbacks | self.capabilities.polls)
        return storable.events(self.parse(inbound))

    def verify(self, inbound: Inbound) -> datetime | None:
        """Check a push on its raw bytes. Returns the time that its signature covers, None where there is none. Raises
        CallbackRefused. The age window is the caller's to check."""
        self._require(inbound.kind, self.capabilities.callbacks)
        return self.verify_push(inbound)

    def acknowledge(self, inbound: Inbound) -> WireReply:
        """The vendor's exact acknowledgement."""
        self._require(inbound.kind, self.capabilities.callbacks)
        return self.acknowledge_push(inbound)

    def _require(self, kind: str, kinds: Collection[str]) -> None:
        if kind not in kinds:
            raise Unsupported(f"{self.code} has no {kind}")

    # --- what an adapter implements: pure, tested value for value ----------------------------------------------

    @classmethod
    def polls(cls, settings: Mapping[str, Any]) -> frozenset[str]:
        """The kinds that an account with these settings is asked for: `capabilities.polls`, or fewer where a setting rules
        some out."""
        return cls.capabilities.polls

    @classmethod
    def signs_callbacks(cls, settings: Mapping[str, Any]) -> bool:
        """Does every push that an account with these settings takes carry a signature or encryption? If not, the token and
        the address list are all that guards it."""
        return cls.capabilities.signed_callbacks

    @classmethod
    def longest_push(cls, kind: str) -> int:
        """Bytes that the body of one push may have; a longer one is refused unread. An audit is one decision."""
        return SHORT_PUSH if kind == "review" else LONG_PUSH

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        """What of this message the vendor cannot carry, by path, before anything is submitted. The default knows the kinds
        and fallback parts that `capabilities` declares; adapters add their limits."""
        return carries(self.capabilities, content, fallback)

    def check_submission(self, submission: Submission) -> list[Problem]:
        """`check`, and what only the whole submission shows: the media's types and sizes, ids that the vendor must have
        given already, the name."""
        return self.check(submission.content, submission.fallback)

    def stops_submit(self, submission: Submission) -> Problem | None:
        """What this very submission would certainly be refused for: nothing of it goes on the wire."""
        return None

    def stops_send(self, request: SendRequest) -> Verdict | None:
        """What this batch would certainly be refused for, whoever is in it: a verdict that stops the dispatch, before the wire."""
        return None

    def check_send(
        self, content: Content, fallback: Fallback, options: Mapping[str, Any], columns: Collection[str]
    ) -> list[Problem]:
        """What these send options bring up before anything is sent; `columns` are the variables that every recipient has. Errors
        would be everybody's refusal. The default knows none."""
        return []

    def reference(self, batch: int, attempt: int, mark: str) -> str:
        """Our reference for one attempt, unique per account: `mark` is the installation's, since a test and a production system
        may use one account. Override it, and `own_reference`, where the vendor prescribes a form."""
        return f"s{mark}-{batch}-{attempt}"

    def own_reference(self, reference: str, mark: str) -> tuple[int, int] | None:
        """(batch, attempt) that a reference of this installation names; None for a foreign one."""
        found = re.fullmatch(r"s([0-9a-z]+)-([0-9]{1,18})-([0-9]{1,9})", reference)
        return (int(found[2]), int(found[3])) if found and found[1] == mark else None

    def wire_request(
        self,
        operation: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        people: int = 0,
        path: str = "",
        word_header: str = "",
    ) -> WireRequest:
        """A POST of this operation to its declared address, or to `path`."""
        where = path or next(one.address for one in self.operations if one.key == operation)
        return WireRequest(operation, "POST", where, headers, body, people=people, word_header=word_header)

    def build_send(self, request: SendRequest) -> WireRequest:
        raise Unsupported(f"{self.code} does not send")

    def read_send(self, response: WireResponse, request: SendRequest) -> SendResult:
        raise Unsupported(f"{self.code} does not send")

    def build_submit(self, submission: Submission) -> WireRequest:
        raise Unsupported(f"{self.code} has no template audit")

    def read_submit(self, response: WireResponse, submission: Submission) -> SubmissionResult:
        raise Unsupported(f"{self.code} has no template audit")

    def build_balance(self) -> WireRequest:
        raise Unsupported(f"{self.code} tells no balance")

    def read_balance(self, response: WireResponse) -> Balance:
        raise Unsupported(f"{self.code} tells no balance")

    def build_query_template(self, template_id: str) -> WireRequest:
        raise Unsupported(f"{self.code} cannot be asked about a template")

    def read_query_template(self, response: WireResponse) -> TemplateStatus:
        raise Unsupported(f"{self.code} cannot be asked about a template")

    def build_delete_template(self, template_id: str) -> WireRequest:
        raise Unsupported(f"{self.code} cannot delete a template")

    def read_delete_template(self, response: WireResponse) -> Verdict:
        raise Unsupported(f"{self.code} cannot delete a template")

    def build_poll(self, kind: str, limit: int) -> WireRequest:
        raise Unsupported(f"{self.code} cannot be polled for {kind}")

    def read_poll(self, kind: str, response: WireResponse) -> Polled:
        raise Unsupported(f"{self.code} cannot be polled for {kind}")

    def build_confirm(self, kind: str, events: Sequence[Event]) -> WireRequest | None:
        return None

    def read_confirm(self, response: WireResponse) -> Verdict:
        raise Unsupported(f"{self.code} has no confirm")

    def build_retrieve(self, start: datetime, end: datetime) -> WireRequest:
        raise Unsupported(f"{self.code} cannot give receipts again")

    def read_retrieve(self, response: WireResponse) -> Verdict:
        raise Unsupported(f"{self.code} cannot give receipts again")

    # --- inbound ------------------------------------------------------------------------------------------------

    def verify_push(self, inbound: Inbound) -> datetime | None:
        """`verify`, in constant time, and that the push is of the kind of its address as far as its beginning shows. It runs while
        the vendor waits: nothing is unpacked or parsed here."""
        raise Unsupported(f"{self.code} pushes no {inbound.kind}")

    def acknowledge_push(self, inbound: Inbound) -> WireReply:
        raise Unsupported(f"{self.code} pushes no {inbound.kind}")

    def parse(self, inbound: Inbound) -> list[Event]:
        """The events in a pushed or polled body (`inbound.kind` as in capabilities), of the elements that `inbound.part`
        chooses. One odd element becomes an MalformedEvent. Raises UnreadableBody when the whole cannot be read."""
        raise Unsupported(f"{self.code} pushes no {inbound.kind}")


def _itself(verdict: Verdict) -> Verdict:
    return verdict


def _verdict(error: TransportError) -> Verdict:
    blocks: Literal["", "account"] = "account" if error.outcome is Outcome.BLOCKED else ""
    return Verdict(error.outcome, error.reason, "", str(error), blocks=blocks, retry_after=error.retry_after)
