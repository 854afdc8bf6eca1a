"""What of a message the gateway cannot carry (document §4.2, §11.2), by path, beyond the kinds that `carries` knows."""

from collections.abc import Iterator, Mapping

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Media, SendRequest
from messaging.vendors.rcs_gateway import payloads
from templates_5g.blocks import Carousel, Content, Fallback, Problem, SingleCard, Text
from templates_5g.blocks.card import Card
from templates_5g.blocks.content import FallbackMms
from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.suggestion import Suggestion
from templates_5g.blocks.variables import names_in

Library = Mapping[str, Media] | None


def of_message(content: Content, fallback: Fallback, media: Library = None) -> Iterator[Problem]:
    """`media` by asset id adds type and address of each file; without it only what is in the content is looked at."""
    yield from _content(content, media)
    yield from _fallback(content, fallback, media)


def _error(path: str, rule: str, message: str, **params: str) -> Problem:
    return Problem(path, rule, message, params)


def _warning(path: str, rule: str, message: str) -> Problem:
    return Problem(path, rule, message, severity="warning")


# --- the main content ---------------------------------------------------------------------------------------------


def _content(content: Content, media: Library) -> Iterator[Problem]:
    if isinstance(content, Text):
        yield from _text(content)
    elif isinstance(content, SingleCard):
        yield from _card("card", content.card, media)
    elif isinstance(content, Carousel):
        for index, card in enumerate(content.cards):
            yield from _card(f"cards.{index}", card, media)
    if isinstance(content, SingleCard | Carousel):
        yield from _buttons("suggestions", content.suggestions)
        yield from _looks(content)


def _text(content: Text) -> Iterator[Problem]:
    if not content.text.strip():
        yield _error("text", "vendor.required", _("This vendor wants a text."))
    if content.suggestions:
        yield _error(
            "suggestions",
            "vendor.chips",
            _("This vendor's text templates carry no chips. Use a card, or take the chips away."),
        )


def _card(path: str, card: Card, media: Library) -> Iterator[Problem]:
    if not card.title.strip():
        yield _error(f"{path}.title", "vendor.required", _("This vendor wants a title on every card."))
    if not card.description.strip():
        yield _error(f"{path}.description", "vendor.required", _("This vendor wants a description on every card."))
    if card.media is None or not card.media.asset:
        yield _error(
            f"{path}.media", "vendor.required", _("This vendor wants a picture, sound or video on every card.")
        )
    else:
        yield from _file(f"{path}.media", card.media, media)
    yield from _buttons(f"{path}.suggestions", card.suggestions)


def _buttons(path: str, buttons: tuple[Suggestion, ...]) -> Iterator[Problem]:
    for index, button in enumerate(buttons):
        at = f"{path}.{index}"
        if button.kind not in payloads.EVENTS:
            yield _error(
                f"{at}.kind", "vendor.button", _("This vendor's buttons can only reply, open a link or dial a number.")
            )
        elif not button.label.strip():
            yield _error(f"{at}.label", "vendor.required", _("This vendor wants a name on every button."))


def _looks(content: SingleCard | Carousel) -> Iterator[Problem]:
    """Looks that the document has no field for: the message arrives all the same, in the vendor's own look."""
    if isinstance(content, SingleCard) and content.orientation == "HORIZONTAL":
        yield _warning("orientation", "vendor.look", _("This vendor cannot place the picture beside the text."))
    for name in ("title_style", "description_style"):
        if getattr(content, name):
            yield _warning(name, "vendor.look", _("This vendor carries no bold, italics or underline."))


def _file(path: str, ref: MediaRef, media: Library) -> Iterator[Problem]:
    if media is None:
        return
    found = media.get(ref.asset)
    if found is None or not found.url:
        yield _error(
            path, "vendor.media_url", _("This vendor fetches files from a public address; this one has none yet.")
        )
    elif found.mime not in payloads.MEDIA_TYPES:
        yield _error(
            path,
            "vendor.media_type",
            _("This vendor takes JPEG, PNG and GIF, MP4 and FLV, MP3 and AAC; this file is %(mime)s."),
            mime=found.mime,
        )


# --- the fallback --------------------------------------------------------------------------------------------------


def _fallback(content: Content, fallback: Fallback, media: Library) -> Iterator[Problem]:
    parts = payloads.carried(content, fallback)
    if isinstance(content, Text):
        yield from _beside_text(fallback)
    for part in ("sms", "aim"):
        if part in parts and not getattr(fallback, part).text.strip():
            yield _error(f"fallback.{part}.text", "vendor.required", _("This vendor wants a text."))
    if "mms" in parts and fallback.mms:
        yield from _mms(fallback.mms, media)
    if "aim" in parts and fallback.aim and payloads.AIM_LINK not in names_in(fallback.aim.text):
        yield _warning(
            "fallback.aim.text", "vendor.aim_link", _("Without ${阅信短链} the smart SMS has no place for its link.")
        )
    if {"sms", "aim"} <= set(parts):
        yield _warning(
            "fallback.aim",
            "vendor.sms_or_aim",
            _("On China Mobile this vendor does either the SMS or the smart SMS, not both: choose one when sending."),
        )


def _beside_text(fallback: Fallback) -> Iterator[Problem]:
    for part in fallback.parts:
        if part in ("mms", "aim"):
            yield _warning(
                f"fallback.{part}",
                "vendor.fallback",
                _("Beside a text this vendor falls back to SMS alone; this part will not be used here."),
            )


def _mms(mms: FallbackMms, media: Library) -> Iterator[Problem]:
    if not mms.title.strip():
        yield _error("fallback.mms.title", "vendor.required", _("This vendor wants a title on the video SMS."))
    if not mms.frames:
        yield _error("fallback.mms.frames", "vendor.required", _("The video SMS needs at least one frame."))
    for index, frame in enumerate(mms.frames):
        at = f"fallback.mms.frames.{index}"
        if frame.media and frame.media.asset:
            yield from _file(f"{at}.media", frame.media, media)
        elif not frame.text.strip():
            yield _error(at, "vendor.required", _("Each frame needs a text or a file."))


# --- a send --------------------------------------------------------------------------------------------------------


def of_send(request: SendRequest) -> Iterator[Problem]:
    """What the send options bring up. On China Mobile a message falls back to SMS or to smart SMS, never to both (§4.2)."""
    both = payloads.BITS["sms"] | payloads.BITS["aim"]
    if why := obstacle(request):
        yield _error("options.callType", "vendor.send", why)
    elif payloads.chosen_call_type(request) & both == both:
        yield _warning(
            "options.callType",
            "vendor.one_of_both",
            _("China Mobile falls back to SMS or to smart SMS, not to both. Choose one of them in the send options."),
        )


def obstacle(request: SendRequest) -> str:
    """What keeps this batch from being sent at all, as a msgid; "" for nothing. It would be everybody's refusal."""
    if not request.template_id:
        return "" if payloads.text_of(request) else _("There is neither a reviewed template nor a text to send.")
    if not (request.template_id.isascii() and request.template_id.isdigit()):
        return _("The vendor's template id is a whole number; this one is not.")
    if not _is_subset(request):
        return _("The fallback chosen for this send is not part of the reviewed template.")
    return "" if _has_links(request) else _("A fallback to smart SMS needs a short link.")


def _is_subset(request: SendRequest) -> bool:
    if request.content is None and request.fallback is None:
        return True
    return not payloads.chosen_call_type(request) & ~payloads.call_type(request.content, request.fallback)


def _has_links(request: SendRequest) -> bool:
    if not payloads.chosen_call_type(request) & payloads.BITS["aim"] or request.options.get("aimUrl"):
        return True
    return all(recipient.variables.get(payloads.AIM_LINK) for recipient in request.recipients)
