"""Errors answer one question: what now? See docs/developers.md and `Outcome` for the words."""

from enum import StrEnum

from kit.msgids import gettext_noop as _


class Outcome(StrEnum):
    """What is known after a request. Which one to use decides whether somebody is sent to twice:

    ACCEPTED  the vendor said yes in so many words.
    REJECTED  the vendor said no to these people; asking again gives the same no.
    BLOCKED   the vendor said no because of the account or the template (credentials, balance, address, audit): nobody
              in the batch was rejected, the batch goes back to the queue and the account or dispatch stops.
    NOT_TAKEN it is certain that nothing was accepted (connection refused, throttled): later, again.
    UNKNOWN   anything else: read time-out, reset, 5xx, 3xx, an unreadable answer, the vendor's own "unknown error".
              Never sent again by itself.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


class GatewayError(Exception):
    """Base of what the gateway raises. Its text never holds a secret or a full number."""


class TransportError(GatewayError):
    """No answer that can be read as one. `outcome` is NOT_TAKEN (certainly not accepted), BLOCKED or UNKNOWN. `retry_after`:
    seconds that the vendor asked us to wait, 0 if it did not."""

    def __init__(self, outcome: Outcome, reason: str, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.reason = reason
        self.retry_after = retry_after


class Unsupported(GatewayError):
    """This vendor's document has no such operation. Never a silent nothing. `why` is the msgid for people."""

    why = _("Not offered by this vendor.")


class CallbackRefused(GatewayError):
    """A pushed body that is not the vendor's: bad signature, too old, wrong content. Answered 403, nothing applied."""


class TooManyPushes(GatewayError):
    """More pushes of one account than any vendor has to tell. Answered 429, nothing stored."""


class UnreadableBody(GatewayError):
    """A body that cannot be decrypted or parsed as a whole. It is kept raw and shown."""


class UnusableKey(GatewayError):
    """The account's key cannot seal anything: missing, or of the wrong length. Nothing was on the wire."""
