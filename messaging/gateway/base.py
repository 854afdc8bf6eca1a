"""The vendor contract: declare, build, read. A vendor is one folder; nothing vendor-shaped stands outside it.

A vendor class declares what it is (class attributes) and implements pairs of pure functions: `build_…` makes the one
HTTP request, `read_…` reads its answer. The public verbs below run a pair over `Http` and turn every way of not getting
an answer into a Verdict, so no adapter handles time-outs. What a document does not offer raises Unsupported.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from messaging.gateway import reasons
from messaging.gateway.errors import Outcome, TransportError, UnreadableBody, Unsupported
from messaging.gateway.http import Http
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
Result = TypeVar("Result")


def unsure(message: str, code: str = "") -> Verdict:
    """The verdict for an answer that came but cannot be read as one."""
    return Verdict(Outcome.UNSURE, reasons.NO_ANSWER, code, message)


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

    def __init__(self, account: AccountConfig, http: Http | None = None) -> None:
        self.account = account
        self.http = http or Http(account)

    # --- the verbs that services call -------------------------------------------------------------------------

    def send(self, request: SendRequest) -> SendResult:
        """Build and hand over one batch."""
        return self._ask(self.build_send(request), lambda answer: self.read_send(answer, request), SendResult)

    def submit(self, submission: Submission) -> SubmissionResult:
        """Submit one part for audit."""
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
            return read(self.http.exchange(wire))
        except TransportError as error:
            return failed(_verdict(error))
        except UnreadableBody as error:
            return failed(unsure(str(error)))
        except Exception as error:
            log.exception("An answer of %s could not be read", self.code)
            return failed(unsure(type(error).__name__))

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

    def check(self, content: Content, fallback: Fallback) -> list[Problem]:
        """What of this message the vendor cannot carry, by path, before anything is submitted. The default knows the kinds
        and fallback parts that `capabilities` declares; adapters add their limits."""
        from messaging.gateway.checking import carries

        return carries(self.capabilities, content, fallback)

    def check_submission(self, submission: Submission) -> list[Problem]:
        """`check`, and what only the whole submission shows: the media's types and sizes, ids that the vendor must have
        given already, the name. Errors here are never put on the wire."""
        return self.check(submission.content, submission.fallback)

    def reference(self, batch: int, attempt: int) -> str:
        """Our reference for one attempt, unique per account. Override where the vendor prescribes a form."""
        return f"s{batch}-{attempt}"

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

    def verify(self, inbound: Inbound) -> datetime | None:
        """Check a push on its raw bytes in constant time. Returns the time that the signature covers, None where there is
        none. Raises CallbackRefused. The age window is the caller's to check."""
        raise Unsupported(f"{self.code} pushes no {inbound.kind}")

    def acknowledge(self, inbound: Inbound) -> WireReply:
        """The vendor's exact acknowledgement."""
        raise Unsupported(f"{self.code} pushes no {inbound.kind}")

    def parse(self, inbound: Inbound) -> list[Event]:
        """The events in a pushed or polled body (`inbound.kind` as in capabilities). One odd element becomes an OddEvent.
        Raises UnreadableBody when the whole cannot be read."""
        raise Unsupported(f"{self.code} pushes no {inbound.kind}")


def _itself(verdict: Verdict) -> Verdict:
    return verdict


def _verdict(error: TransportError) -> Verdict:
    blocks: str = "account" if error.outcome is Outcome.BLOCKED else ""
    return Verdict(
        error.outcome,
        error.reason,
        "",
        str(error),
        blocks=blocks,  # type: ignore[arg-type]
        retry_after=error.retry_after,
    )
