"""A dispatch before it exists: what is sent, when, within which limits, and where it comes from. A new kind of send is one of
these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from kit.people import Actor
from kit.uuids import shared_uuid7
from messaging.eligibility.cap import Cap, Capped
from messaging.gateway.registry import vendor_class
from messaging.gateway.types import Capabilities
from messaging.models import Chatbot, Dispatch, SendingPolicy, SendingWindow, Signature, VendorAccount
from messaging.models.policy import as_dates
from templates_5g.blocks.variables import fill, names_of
from templates_5g.fallback import segments, signature_length, signed
from templates_5g.models import TemplateVersion

# Kinds whose content is a text that a vendor with one text for each request gets filled.
_TEXT_KINDS = ("text", "sms")


@dataclass(frozen=True, kw_only=True)
class Message:
    """A template's version; or a free text, with ${name} for each person's own, where the vendor takes one without an audit.
    `options` are the vendor's own send options."""

    account: VendorAccount
    signature: Signature | None
    version: TemplateVersion | None = None
    text: str = ""
    chatbot: Chatbot | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, dispatch: Dispatch) -> "Message":
        return cls(
            account=dispatch.account,
            signature=dispatch.signature,
            version=dispatch.version,
            text=dispatch.text,
            chatbot=dispatch.chatbot,
            options=dispatch.options,
        )

    @property
    def capabilities(self) -> Capabilities:
        return vendor_class(self.account.vendor).capabilities

    @property
    def batch_size(self) -> int:
        """People in one request. At least 1, also for an account that cannot send: that is an obstacle of its own."""
        return int(max(1, min(self.account.batch_size, self.capabilities.max_batch)))

    @property
    def variables(self) -> list[str]:
        """Names that each person needs a value for."""
        if self.version is None:
            return names_of(self.text)
        return names_of(self.version.content, self.version.fallback)

    @property
    def text_of_batch(self) -> str:
        """The text that is filled for each person and cuts the requests; "" where one request may hold different people's."""
        if not self.capabilities.per_text:
            return ""
        if self.version is None:
            return self.text
        return str(self.version.content.get("text", "")) if self.version.kind in _TEXT_KINDS else ""

    @property
    def sms_text(self) -> str:
        """The SMS that may go out: the message itself, or the fallback where the vendor does it. "" without one."""
        if self.version is None:
            return self.text
        if self.version.kind == "sms":
            return str(self.version.content.get("text", ""))
        part = (self.version.fallback or {}).get("sms")
        return str(part["text"]) if part and "sms" in self.capabilities.fallback_parts else ""

    def sms_units(self, variables: Mapping[str, str]) -> int:
        """Billable units of one person's SMS; 0 without one."""
        if not self.sms_text:
            return 0
        return segments(signed(fill(self.sms_text, variables), self.signature.text if self.signature else ""))

    @property
    def signature_length(self) -> int:
        """What the signature adds to the SMS, in UTF-16 units."""
        return signature_length(self.sms_text, self.signature.text) if self.sms_text and self.signature else 0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """From `start_at` (None: as soon as it is started) and until `send_until`; every day within `window`, and not on
    `holidays` (ISO dates)."""

    start_at: datetime | None = None
    send_until: datetime | None = None
    window: SendingWindow | None = None
    holidays: Sequence[str] = ()

    @property
    def closed_days(self) -> frozenset[date]:
        return as_dates(list(self.holidays))


@dataclass(frozen=True, kw_only=True)
class Canary:
    """So many people, or so many of a hundred, are sent to first; what comes after them waits. Drawn by a hash of the number and
    `seed`."""

    people: int | None = None
    percent: Decimal | None = None
    seed: int = 0

    @property
    def per_mille(self) -> int:
        return int((self.percent or 0) * 10)

    def of(self, people: int) -> int:
        """How many of `people` go first: 0 where it would be everybody."""
        wanted = self.people or (people * self.per_mille + 999) // 1000
        return wanted if wanted < people else 0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`per_second`: people, where it is less than the account's own rate. `cap`: beside the sending policy's."""

    per_second: Decimal | None = None
    cap: Cap | None = None
    canary: Canary | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """`run_id` is what may not reach a person twice; `leg` is main, resend-N or fallback-N within it. `title` and `source` say
    where it came from. `purpose` is marketing or notice. Nobody (`actor` None): a rule made it."""

    kind: Dispatch.Kind
    title: str
    purpose: str
    source: str = ""
    run_id: UUID = field(default_factory=shared_uuid7)
    leg: str = "main"
    actor: Actor = None

    @property
    def is_test(self) -> bool:
        return self.kind == Dispatch.Kind.TEST


@dataclass(frozen=True, kw_only=True)
class DispatchSpec:
    message: Message
    origin: Origin
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)

    @property
    def queue(self) -> str:
        return "notice" if self.origin.is_test or self.origin.purpose == "notice" else "bulk"

    @property
    def people_per_second(self) -> float:
        return people_per_second(self.message.account, self.limits.per_second)

    def capped(self, policy: SendingPolicy) -> Capped:
        """What its own cap and the policy's are held against."""
        count, days = policy.cap_for(self.origin.purpose, is_test=self.origin.is_test)
        of_policy = Cap(count, days) if count else None
        caps = dict.fromkeys(cap for cap in (self.limits.cap, of_policy) if cap)
        return Capped(self.origin.run_id, self.origin.purpose, tuple(caps))


def people_per_second(account: VendorAccount, own: Decimal | None) -> float:
    """The account's rate, or an own ceiling where that is lower."""
    return float(min(account.per_second, own) if own else account.per_second)
