"""What this vendor cannot carry, by path: of the content alone, and of a whole submission."""

from collections.abc import Iterator, Mapping
from typing import Any

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Submission
from messaging.vendors.hanwg.payloads import BY_ID, TIME_OF_DAY, fallback_part
from templates_5g.blocks import Carousel, Content, Fallback, File, Place, Problem, SingleCard
from templates_5g.blocks.card import Card
from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.suggestion import Suggestion

H5_LINK = "${dh_rcs_h5_url}"
NAME_LENGTH = 17
_RICHEST = {
    "aim": _("This vendor does one fallback: smart SMS (AIM), unless another is chosen on submission."),
    "mms": _("This vendor does one fallback: video SMS, unless another is chosen on submission."),
    "h5": _("This vendor does one fallback: the H5 page, unless another is chosen on submission."),
}


def _warning(path: str, rule: str, message: str, params: Mapping[str, Any] | None = None) -> Problem:
    return Problem(path, rule, message, params or {}, severity="warning")


# --- the content ----------------------------------------------------------------------------------------------


def of_message(content: Content, fallback: Fallback) -> Iterator[Problem]:
    yield from _of_content(content)
    yield from _of_fallback(fallback)


def _of_content(content: Content) -> Iterator[Problem]:
    for path, item in _suggestions(content):
        yield from _of_suggestion(path, item)
    for path, reference in _media_of(content):
        yield from _of_media(path, reference)
    if isinstance(content, SingleCard) and content.orientation != "VERTICAL":
        yield _not_shown("orientation")
    if isinstance(content, Place) and ";" in content.label:
        yield Problem("label", "vendor.label", _("Take out the semicolon: this vendor's place text ends there."))


def _media_of(content: Content) -> Iterator[tuple[str, MediaRef]]:
    """(path, reference) of each medium in the content, in order."""
    if isinstance(content, File) and content.media:
        yield "media", content.media
    for path, card in _cards(content):
        if card.media:
            yield f"{path}.media", card.media


def _cards(content: Content) -> Iterator[tuple[str, Card]]:
    if isinstance(content, SingleCard):
        yield "card", content.card
    elif isinstance(content, Carousel):
        for index, card in enumerate(content.cards):
            yield f"cards.{index}", card


def _suggestions(content: Content) -> Iterator[tuple[str, Suggestion]]:
    for path, card in _cards(content):
        for index, item in enumerate(card.suggestions):
            yield f"{path}.suggestions.{index}", item
    for index, item in enumerate(getattr(content, "suggestions", ())):
        yield f"suggestions.{index}", item


def _of_suggestion(path: str, item: Suggestion) -> Iterator[Problem]:
    if item.kind == "ask_place":
        yield _not_shown(f"{path}.kind")
    for name in ("start", "end"):
        if TIME_OF_DAY.fullmatch(getattr(item, name)):
            message = _("This vendor takes days alone; the time of day is left out.")
            yield _warning(f"{path}.{name}", "vendor.day", message)


def _of_media(path: str, reference: MediaRef) -> Iterator[Problem]:
    if reference.thumbnail:
        yield _warning(f"{path}.thumbnail", "vendor.thumbnail", _("This vendor takes no thumbnail; it is left out."))
    if reference.alt:
        yield _warning(f"{path}.alt", "vendor.alt", _("This vendor takes no description of media; it is left out."))


def _not_shown(path: str) -> Problem:
    message = _("This vendor's document does not show this; it is sent as the 5G standard writes it.")
    return _warning(path, "vendor.not_shown", message)


# --- the fallback ---------------------------------------------------------------------------------------------


def _of_fallback(fallback: Fallback) -> Iterator[Problem]:
    if len(fallback.parts) > 1:
        yield _warning("fallback", "vendor.one_fallback", _RICHEST[fallback_part(fallback, "")])
    for part in ("sms", "h5"):
        text = getattr(fallback, part)
        if text and text.text.lstrip().startswith("【"):
            message = _("Leave out the signature: this vendor puts the sender's own in front and bills it.")
            yield Problem(f"fallback.{part}.text", "vendor.signature", message)
    if fallback.h5 and H5_LINK not in fallback.h5.text:
        message = _("The text of the H5 page must contain %(link)s.")
        yield Problem("fallback.h5.text", "vendor.h5_link", message, {"link": H5_LINK})


# --- a submission ---------------------------------------------------------------------------------------------


def of_submission(submission: Submission) -> Iterator[Problem]:
    """What is known before somebody chooses sender and options: the name, and media that the vendor has not approved.
    The vendor has no upload, so their ids are registered by hand."""
    if len(submission.name) > NAME_LENGTH:
        message = _("This vendor's document allows names of %(limit)s characters.")
        yield _warning("name", "vendor.name", message, {"limit": NAME_LENGTH})
    if submission.options.get("draft"):
        message = _("Kept as a draft it is never reviewed, and cannot be sent. Submit it for review instead.")
        yield _warning("options.draft", "vendor.draft", message)
    for path, reference in _media_of(submission.content):
        known = submission.media.get(reference.asset)
        if not known or not known.vendor_id:
            message = _("Register this vendor's media id by hand first: it takes approved media only.")
            yield Problem(path, "vendor.media_id", message)


def obstacles(submission: Submission, may_add: bool) -> Iterator[Problem]:
    """What stands in the way of this very request. Until sender and options are chosen these are warnings."""
    if not submission.template_id and not may_add:
        message = _("This vendor only edits templates: register the vendor's template id by hand first.")
        yield Problem("template_id", "vendor.template_id", message)
    part = fallback_part(submission.fallback, str(submission.options.get("fallback") or ""))
    if part in BY_ID and not submission.part_ids.get(part):
        message = _("Register the vendor's id of this approved fallback by hand first.")
        yield Problem(f"fallback.{part}", "vendor.part_id", message)
    elif part and part not in BY_ID and part not in submission.fallback.parts:
        yield Problem(f"fallback.{part}", "vendor.part", _("The message has no such fallback."))
    if not submission.sender:
        yield Problem("sender", "vendor.sender", _("Choose the 5G sender: its id is part of this vendor's address."))
