"""The values that go into an adapter and come out of it. All frozen; mappings are treated as read-only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeVar

from messaging.gateway.outcomes import Outcome
from templates_5g.blocks import Content, Fallback

Element = TypeVar("Element")

# --- declarations ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One input of a generated form: a credential, an account setting or a send option.

    `label` and `help` are English msgids. `kind` is text, secret, number, flag or choice. `pattern` is a regular
    expression that the whole value must match, `hint` the sentence shown when it does not.
    """

    name: str
    label: str
    kind: Literal["text", "secret", "number", "flag", "choice"] = "text"
    required: bool = True
    default: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    pattern: str = ""
    hint: str = ""
    help: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation of a vendor's document: `key` names it, `section` says where it stands there, `address` is its path below the
    account's base URL ("" for a push), `method` the verb of `Vendor` that does it ("" for a push)."""

    key: str
    section: str
    address: str
    title: str
    method: str = ""
    inbound: bool = False


@dataclass(frozen=True)
class Capabilities:
    """What a vendor can do, read by planning, sending and the pages.

    main_kinds        kinds of content it sends itself
    fallback_parts    parts of `Fallback` it does by itself on its side
    own_variables     names in ${…} that it fills itself, with links of its own: no columns of the recipients' file
    review_parts      parts submitted for audit ("main" covers content with its fallback when they go in one request)
    review_days       working days that an audit usually takes, where the account says nothing else
    review_optional   a message may go out without an audit; an approved template is used where there is one
    max_batch         numbers in one request; 0 = it cannot send
    per_text          one text for all in a request: personalised messages are cut by equal text
    references        receipts carry our reference
    one_in_flight     nothing ties a receipt to our request, so one request at a time
    repeat_is_safe    the vendor's own duplicate check makes one automatic repeat after UNKNOWN harmless
    callbacks, polls  kinds of inbound events: review, receipt, reply, click
    confirmed_polls   of these, kinds that the vendor repeats until we confirm them: a lost answer loses nothing
    can_answer        a reply to a customer can be sent as free text
    edits             a submission changes a template that the vendor has: it carries the id of that template's last review
    signed_callbacks  pushes carry a signature or are encrypted; else the token and the address list guard them
    """

    main_kinds: frozenset[str] = frozenset()
    fallback_parts: frozenset[str] = frozenset()
    own_variables: frozenset[str] = frozenset()
    review_parts: frozenset[str] = frozenset()
    review_days: int = 3
    review_optional: bool = False
    max_batch: int = 1000
    per_text: bool = False
    references: bool = True
    one_in_flight: bool = False
    repeat_is_safe: bool = False
    callbacks: frozenset[str] = frozenset()
    polls: frozenset[str] = frozenset()
    confirmed_polls: frozenset[str] = frozenset()
    can_answer: bool = False
    edits: bool = False
    signed_callbacks: bool = True


# --- the account and the wire ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccountConfig:
    """An account as an adapter sees it. `credentials` are decrypted and never appear in its repr. `named_hosts` are the hosts
    that may be private or spoken to without TLS."""

    code: str
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    named_hosts: Collection[str] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(value for value in self.credentials.values() if value)


class Payload(NamedTuple):
    """What one request says, before it is signed or sealed: the key of its operation and the fields of its body."""

    operation: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class WireRequest:
    """One HTTP request, complete. `path` is appended to the account's base URL. `operation` is an Operation.key.
    For the record alone: `people` is how many recipients it carries, `word_header` (lower case) the header of the answer
    in which the vendor puts its word. What may hold a secret stays out of its repr."""

    operation: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    people: int = 0
    word_header: str = ""


@dataclass(frozen=True)
class WireResponse:
    """One HTTP answer with status 200–299 (anything else is a TransportError). Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class CallRecord:
    """What is kept of a call: no bulk body, secrets and numbers masked in `answer`."""

    operation: str
    people: int
    digest: str
    status: int | None
    answer: str
    outcome: str
    started_at: datetime
    milliseconds: int


Recorder = Callable[[CallRecord], None]

# --- sending ---------------------------------------------------------------------------------------------------


class Recipient(NamedTuple):
    """One number. `variables` by plain name (`姓名`, not `${姓名}`)."""

    phone: str
    variables: Mapping[str, str] = {}


@dataclass(frozen=True)
class SendRequest:
    """One batch. `reference` is ours, written before the call. `content`/`fallback` are the frozen version's;
    `template_id` is the vendor's id of the reviewed main part ("" where none is needed); `text` is set for a free text
    (answers, plain texts) and for per_text vendors, already filled and without signature. `options` by the adapter's
    send_options."""

    reference: str
    recipients: Sequence[Recipient]
    signature: str = ""
    content: Content | None = None
    fallback: Fallback | None = None
    template_id: str = ""
    part_ids: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    is_repeat: bool = False


@dataclass(frozen=True)
class Verdict:
    """A vendor's word, mapped: `reason` is a key of messaging.gateway.reasons, `code` and `message` are the vendor's own."""

    outcome: Outcome
    reason: str
    code: str = ""
    message: str = ""
    # BLOCKED: what stops. "account" or "dispatch" (the template or its route).
    blocks: Literal["", "account", "dispatch"] = ""
    # REJECTED because of one number among several: halve and try the halves.
    split: bool = False
    # NOT_TAKEN: not before so many seconds.
    retry_after: float = 0.0


@dataclass(frozen=True)
class SendResult:
    """The answer to one batch. `message_ids`: phone -> the vendor's id of that message, where it gives one.
    `rejected`: phones rejected one by one inside an accepted request. `accepted_count`: what the vendor says it took."""

    verdict: Verdict
    task_id: str = ""
    message_ids: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, Verdict] = field(default_factory=dict)
    accepted_count: int | None = None


# --- audit -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Media:
    """An asset as the vendor may want it: `url` is public and unguessable, `vendor_id` is the id that this vendor gave
    it, `load` reads the bytes."""

    asset: str
    mime: str
    size: int
    url: str = ""
    vendor_id: str = ""
    load: Callable[[], bytes] = field(default=lambda: b"", repr=False, compare=False)


@dataclass(frozen=True)
class Submission:
    """One part of a version on its way to a vendor's audit. `part` is main, sms, mms or aim. `media` by asset id.
    `part_ids` are vendor ids of other parts that are already approved there. `template_id` is the vendor's id if it
    has one already (an edit)."""

    name: str
    part: str
    content: Content
    fallback: Fallback
    signature: str
    media: Mapping[str, Media] = field(default_factory=dict)
    part_ids: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""
    template_id: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SubmissionResult:
    """`valid_days`: how long an approval will hold,
    None where it holds until somebody ends it or the vendor does not say. `renews` True where the vendor prolongs it by
    itself, `draft` where it was only saved there and nobody audits it."""

    verdict: Verdict
    template_id: str = ""
    valid_days: int | None = None
    renews: bool = False
    draft: bool = False


class ReviewState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class TemplateStatus:
    """The vendor's present word on a template that was asked for."""

    verdict: Verdict
    state: ReviewState | None = None
    reason: str = ""


@dataclass(frozen=True)
class Balance:
    """`unit` is yuan, messages or "" where the vendor does not say (then it is shown as it is and compared with nothing)."""

    verdict: Verdict
    amount: Decimal | None = None
    unit: str = ""


# --- inbound ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Inbound:
    """A pushed request as it came: raw body, raw query string, lower-case header names. `at` is when it arrived. Of a body
    with very many elements a part is read at a time: `most` of them from number `first` on; None: all that are left."""

    kind: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    at: datetime | None = None
    first: int = 0
    most: int | None = None

    def part(self, elements: Sequence[Element]) -> Sequence[Element]:
        """Those of the body's elements that are to be read."""
        if not self.first and (self.most is None or len(elements) <= self.most):
            return elements
        return elements[self.first : None if self.most is None else self.first + self.most]


@dataclass(frozen=True)
class WireReply:
    """What the vendor wants to hear, exactly."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class ReceiptStatus(StrEnum):
    """DELIVERED, READ and FAILED are final words; NO_RECEIPT is the vendor's own "never heard"; PENDING says handed on;
    UNKNOWN_WORD is kept and shown and changes nothing."""

    PENDING = "pending"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    NO_RECEIPT = "no_receipt"
    UNKNOWN_WORD = "unknown_word"


class ReceiptEvent(NamedTuple):
    """One word about one number; a tuple, since millions are made. `key` is unique per account and never empty: the adapter
    makes it from what the vendor gives. `reference` is ours, `task_id` and `message_id` the vendor's; any may be "".
    `channel` is rcs, sms, mms, vms, aim or h5."""

    key: str
    phone: str
    status: ReceiptStatus
    reference: str = ""
    task_id: str = ""
    message_id: str = ""
    channel: str = ""
    reason: str = ""
    code: str = ""
    message: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ReplyEvent:
    key: str
    phone: str
    content: str
    reference: str = ""
    task_id: str = ""
    message_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ReviewEvent:
    """`template_id` is the vendor's; `task_id` where the id may be a send's instead."""

    key: str
    template_id: str
    state: ReviewState | None
    message: str = ""
    code: str = ""
    task_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ClickEvent:
    key: str
    phone: str
    url: str = ""
    at: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MalformedEvent:
    """One element that could not be read; it spoils no neighbour. `raw` is masked by whoever stores it."""

    key: str
    raw: str
    why: str


Event = ReceiptEvent | ReplyEvent | ReviewEvent | ClickEvent | MalformedEvent


@dataclass(frozen=True)
class Polled:
    """The answer to a poll. `body` is stored before anything else and later given to `parse` as it is. `more` says that
    another call would bring more at once. `empty` is the vendor's "nothing new"."""

    verdict: Verdict
    body: bytes = b""
    empty: bool = False
    more: bool = False
