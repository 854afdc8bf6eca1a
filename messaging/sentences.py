"""What a reason means in plain words: for the colleague, for the customer, and what to do next.

The keys are messaging.gateway.reasons and the reasons that we give ourselves; vendors' codes never appear here. What leaves
people out before there is a message is added by whoever asks for it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from messaging.gateway import reasons


class Sentence(NamedTuple):
    """`what` happened; what one may `say` to the customer; what to `do` next; `label` is the short form for tables, where `what`
    is too long."""

    what: object
    say: object
    do: object
    label: object = ""


OUR_FAULT = _("This message was not sent because of something on our side; we are working on it.")
BEING_CHECKED = _("We are still checking the outcome of this message and cannot say yet whether it arrived.")

SENTENCES: dict[str, Sentence] = {
    reasons.ACCEPTED: Sentence(
        _("The vendor has taken it; waiting for the receipt."),
        _("The message is on its way and waits for the carrier's confirmation."),
        _("Look again after 24 hours."),
    ),
    reasons.DELIVERED: Sentence(
        _("The carrier confirms that it reached the phone."),
        _("The message has reached your phone; please look among notices and blocked messages too."),
        _("Ask the customer to look among blocked messages."),
    ),
    reasons.DELIVERED_FALLBACK: Sentence(
        _("The 5G message could not be shown, so it arrived by another channel."),
        _("The 5G message did not arrive, so we sent it to you in another form, and that one arrived."),
        "",
    ),
    reasons.NO_ANSWER: Sentence(
        _("There was no clear answer after handing over; it may have been sent or not."),
        BEING_CHECKED,
        _("Do not send again; look under unknown outcomes."),
    ),
    reasons.REPEATED_SERIAL: Sentence(
        _("The vendor says that it has this serial number already."),
        _("The carrier did not take our message; it was not sent to you."),
        _(
            "Another system uses the same serial numbers at this vendor. Give one of them another beginning, then send again."
        ),
    ),
    reasons.NO_RECEIPT: Sentence(
        _("No receipt came, so it is not certain whether it arrived."),
        _("The carrier reported no result, so we cannot say for certain whether it arrived."),
        _("A notice may go by another channel; marketing is not sent again."),
    ),
    reasons.BAD_NUMBER: Sentence(
        _("The number is not valid."),
        _("The number that we have for you may be wrong; please check it."),
        _("Correct the number."),
    ),
    reasons.HANDSET: Sentence(
        _("The number or phone does not support this kind of message."),
        _("Your number or phone does not support this kind of message at present."),
        _("Add a fallback to the template."),
    ),
    reasons.CARRIER_LIST: Sentence(
        _("The number is on the vendor's or carrier's refusal list."),
        _(
            "Your number is on a refusal list of the vendor or carrier, perhaps after an opt-out or complaint; "
            "the carrier's service can tell."
        ),
        _("Enter it on the do-not-send list; do not try another account."),
    ),
    reasons.OPTED_OUT: Sentence(
        _("The customer has opted out."),
        _("You have opted out of this kind of message, so none was sent."),
        _("Entered on the do-not-send list automatically."),
        _("Opted out"),
    ),
    reasons.TOO_OFTEN: Sentence(
        _("The vendor limits how often one number is written to."),
        _("Many messages went to you within a short time, so this one was held back."),
        _("Look again the next day; marketing is not sent again."),
    ),
    reasons.REPEATED_NUMBER: Sentence(
        _("The vendor had the same message for this number already."),
        _("The same message is not sent twice."),
        _("Look at the other record of this number."),
    ),
    reasons.NOT_ALLOWED: Sentence(
        _("The account may not send to this number."),
        OUR_FAULT,
        _("An administrator asks the vendor whether only test numbers are allowed."),
    ),
    reasons.CONTENT_REFUSED: Sentence(
        _("The content did not pass the vendor's check."),
        _("This message did not pass a content check."),
        _("Pause the campaign, change the content and submit it for review."),
    ),
    reasons.BANNED_WORD: Sentence(
        _("The content holds a word that is blocked."),
        _("This message did not pass a content check."),
        _("Find the blocked word and make a new version."),
    ),
    reasons.INTERCEPTED: Sentence(
        _("The carrier intercepted it."),
        _("The carrier intercepted this message."),
        _("Check that links, phone numbers and the signature are filed."),
    ),
    reasons.SIGNATURE: Sentence(
        _("The signature is not filed or not allowed."),
        OUR_FAULT,
        _("Check the signature's filing; pause campaigns with the same signature."),
    ),
    reasons.NOT_AS_TEMPLATE: Sentence(
        _("The text does not match the approved template."),
        OUR_FAULT,
        _("Compare the variables with the approved template."),
    ),
    reasons.LENGTH: Sentence(_("The text is too long or empty."), OUR_FAULT, _("Shorten the text, or fill it in.")),
    reasons.TEMPLATE_UNUSABLE: Sentence(
        _("The template may not be used: not approved, or expired."),
        OUR_FAULT,
        _("Renew it or submit it again under review states."),
    ),
    reasons.NO_ROUTE: Sentence(
        _("The vendor has assigned no 5G sender."), OUR_FAULT, _("Ask the vendor to assign a 5G sender.")
    ),
    reasons.CARRIER_FAILED: Sentence(
        _("The carrier did not deliver it."),
        _(
            "The carrier did not deliver it; usual causes are a phone that is off, out of reach or suspended, or a full inbox."
        ),
        _("Read the vendor's own words; a notice may be sent once more."),
    ),
    reasons.VENDOR_ERROR: Sentence(
        _("The vendor answered with an internal error; it may have been sent or not."),
        BEING_CHECKED,
        _("Do not send again. Three batches in a row stop the account."),
    ),
    reasons.BALANCE: Sentence(
        _("The account's balance is not enough."),
        OUR_FAULT,
        _("Top up, then resume the account; waiting batches go on."),
    ),
    reasons.WAIT: Sentence(
        _("The vendor asks to wait, or cannot be reached; it will be tried again."),
        _("The message is queued and will be sent a little later."),
        _("Nothing to do; after 30 minutes an administrator lowers the pace."),
    ),
    reasons.STOOD_STILL: Sentence(
        _("A worker stood still before the request could leave; nothing was sent, and it is queued again."),
        _("The message is queued and will be sent a little later."),
        _("Nothing to do; if it happens often, an administrator looks at the worker's machine."),
    ),
    reasons.CREDENTIALS: Sentence(
        _("The vendor does not accept the credentials."),
        OUR_FAULT,
        _("Enter the credentials again, test the connection, resume the account."),
    ),
    reasons.ADDRESS: Sentence(
        _("The vendor does not accept our address, or its own address is wrong."),
        OUR_FAULT,
        _("Check the account's address; ask the vendor to allow the address of this system."),
    ),
    reasons.ACCOUNT_STATE: Sentence(
        _("The vendor has locked the account or not opened this service."),
        OUR_FAULT,
        _("Ask the vendor to unlock or open it."),
    ),
    reasons.CLOCK: Sentence(
        _("The vendor finds our time wrong; it is tried again with a new time."),
        _("The message is queued and will be sent a little later."),
        _("Set the server's clock; after three times the account stops."),
    ),
    reasons.BAD_REQUEST: Sentence(
        _("The vendor finds the request wrong."),
        OUR_FAULT,
        _("Hand it to an administrator with the vendor exchange; do not repeat it."),
    ),
    reasons.UNKNOWN_WORD: Sentence(
        _("The vendor answered with a word that is not in its document."),
        BEING_CHECKED,
        _("Read the vendor's own words."),
    ),
    # our own reasons for not sending
    "suppressed": Sentence(
        _("On the do-not-send list when the campaign was checked."),
        _("You opted out earlier, so this campaign sent you nothing."),
        "",
        _("On the do-not-send list"),
    ),
    "no_consent": Sentence(
        _("There is no consent record."),
        _("We had no consent from you for this, so nothing was sent."),
        _("Add the source of consent, or leave the number out."),
        _("No record of consent"),
    ),
    "over_cap": Sentence(
        _("Over the frequency cap."),
        _("You got several messages lately, so this one was left out."),
        "",
        _("Over the frequency cap"),
    ),
    "cancelled": Sentence(
        _("The campaign was cancelled."),
        _("This campaign was cancelled before your message was sent."),
        "",
        _("Campaign cancelled"),
    ),
    "too_late": Sentence(
        _("Its time had passed before it could be sent."),
        _("This message was no longer valid and was not sent."),
        _("Make a new campaign if it is needed."),
    ),
    "restored": Sentence(
        _("The database was restored; whether this was sent before is not certain."),
        BEING_CHECKED,
        _("Do not send again; look under unknown outcomes."),
    ),
    "person": Sentence(_("A colleague marked it as not sent."), BEING_CHECKED, ""),
    "person_sent": Sentence(
        _("A colleague marked it as sent; no receipt came."),
        _("The carrier reported no result, so we cannot say for certain whether it arrived."),
        "",
    ),
}


def sentence(reason: str) -> Sentence:
    """The sentence of a reason; an unknown key gets the words for an unknown word."""
    return SENTENCES.get(reason) or SENTENCES[reasons.UNKNOWN_WORD]


def label(reason: str) -> str:
    """The short form; an unknown key as it is."""
    found = SENTENCES.get(reason)
    return str(found.label or found.what) if found else reason


def register(more: Mapping[str, Sentence]) -> None:
    """Sentences of reasons that stand above messaging. Call it in AppConfig.ready()."""
    SENTENCES.update(more)
