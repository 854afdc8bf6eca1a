"""What stands against sending a message, by path: the standard's limits as errors, the operators' as warnings.

Rules of language and law (opt-out text, 【】 in a body …) are in templates_5g.linter; a vendor's own are in its folder.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit.msgids import gettext_noop as _
from templates_5g.blocks.card import Card
from templates_5g.blocks.check_media import check_frames, check_media
from templates_5g.blocks.check_suggestions import check_coordinates, check_repeats, check_suggestions
from templates_5g.blocks.content import Carousel, Content, Fallback, File, Mms, Place, SingleCard, Sms, Text
from templates_5g.blocks.measure import Checking, MediaInfo
from templates_5g.blocks.problems import Problem
from templates_5g.blocks.suggestion import Suggestion
from templates_5g.blocks.variables import MOST_VARIABLES, names_of
from templates_5g.limits import LIMITS, Limit

__all__ = ["MediaInfo", "check", "media_ids", "suggestions_of"]

PURPOSES = ("marketing", "notice")


def check(
    content: Content,
    fallback: Fallback,
    purpose: str = "marketing",
    limits: Mapping[str, Limit] = LIMITS,
    media: Mapping[str, MediaInfo] | None = None,
) -> list[Problem]:
    """Every problem in the order of the message. `media` maps asset ids to what is known of them; an id that is not
    in it is an error. Content must have parsed without problems."""
    run = Checking(limits, media or {})
    if purpose not in PURPOSES:
        run.note("purpose", "choice", _("“%(value)s” is not one of: %(allowed)s."), value=purpose, allowed="…")
    _CHECKS[type(content)](run, content)
    _check_fallback(run, content, fallback)
    check_repeats(run, suggestions_of(content))
    if has_too_many_variables(content, fallback):
        sentence = _("At most %(most)s different variables: a file of recipients has no more columns.")
        run.note("", "variables.many", sentence, most=MOST_VARIABLES)
    return run.problems


def has_too_many_variables(content: Content, fallback: Fallback) -> bool:
    """Such content is refused as a whole; looking at each of its variables would take seconds."""
    return len(names_of(content.dump(), fallback.dump())) > MOST_VARIABLES


def suggestions_of(content: Content) -> Iterator[tuple[str, Suggestion]]:
    """Every button and chip with its path."""
    for path, card in cards_of(content):
        for index, suggestion in enumerate(card.suggestions):
            yield f"{path}.suggestions.{index}", suggestion
    for index, suggestion in enumerate(getattr(content, "suggestions", ())):
        yield f"suggestions.{index}", suggestion


def cards_of(content: Content) -> list[tuple[str, Card]]:
    if isinstance(content, SingleCard):
        return [("card", content.card)]
    if isinstance(content, Carousel):
        return [(f"cards.{index}", card) for index, card in enumerate(content.cards)]
    return []


def media_ids(*dumped: object) -> list[str]:
    """The ids of every asset that dumped content and fallback point at, thumbnails too, each once."""
    found: dict[str, None] = {}
    for part in dumped:
        found.update(dict.fromkeys(_media_in(part)))
    return list(found)


def _media_in(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "media" and isinstance(item, Mapping):
                yield from (item[name] for name in ("asset", "thumbnail") if item.get(name))
            else:
                yield from _media_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _media_in(item)


# --- each kind -------------------------------------------------------------------------------------------------


def _text(run: Checking, content: Text) -> None:
    run.text("text", "text.text", content.text)
    check_suggestions(run, "suggestions", content.suggestions, "suggestions")


def _single_card(run: Checking, content: SingleCard) -> None:
    if content.orientation == "HORIZONTAL" and not content.alignment:
        run.note("alignment", "required", _("Say on which side the picture of a horizontal card stands."))
    if content.orientation == "VERTICAL" and content.alignment:
        run.note("alignment", "alignment", _("Only a horizontal card has its picture left or right."))
    _card(run, "card", content.card)
    _styles(run, content)
    check_suggestions(run, "suggestions", content.suggestions, "suggestions")


def _carousel(run: Checking, content: Carousel) -> None:
    run.count("cards", "carousel.cards", len(content.cards))
    for index, card in enumerate(content.cards):
        _card(run, f"cards.{index}", card)
        if content.width == "SMALL_WIDTH" and card.media and card.media.height == "TALL":
            message = _("A narrow carousel has no tall pictures.")
            run.note(f"cards.{index}.media.height", "tall_in_narrow", message)
    _styles(run, content)
    check_suggestions(run, "suggestions", content.suggestions, "suggestions")


def _card(run: Checking, path: str, card: Card) -> None:
    if not (card.title.strip() or card.description.strip() or card.media):
        run.note(path, "card.empty", _("A card needs a picture, a title or a description."))
    if card.media:
        check_media(run, f"{path}.media", card.media)
    run.text(f"{path}.title", "card.title", card.title)
    run.text(f"{path}.description", "card.description", card.description)
    check_suggestions(run, f"{path}.suggestions", card.suggestions, "card.suggestions")


def _styles(run: Checking, content: SingleCard | Carousel) -> None:
    for name in ("title_style", "description_style"):
        styles = getattr(content, name)
        if len(set(styles)) != len(styles):
            run.note(name, "style.repeated", _("A style stands here twice."))


def _file(run: Checking, content: File) -> None:
    if content.media is None:
        run.note("media", "required", _("Choose a file from the media library."))
    else:
        check_media(run, "media", content.media)
    check_suggestions(run, "suggestions", content.suggestions, "suggestions")


def _place(run: Checking, content: Place) -> None:
    check_coordinates(run, "", content.latitude, content.longitude)
    run.text("label", "place.label", content.label)
    check_suggestions(run, "suggestions", content.suggestions, "suggestions")


def _mms(run: Checking, content: Mms) -> None:
    run.text("title", "mms.title", content.title)
    check_frames(run, "frames", content.frames, "mms")


def _sms(run: Checking, content: Sms) -> None:
    run.text("text", "sms.text", content.text)


def _check_fallback(run: Checking, content: Content, fallback: Fallback) -> None:
    if content.kind in ("mms", "sms"):
        for part in fallback.parts:
            message = _("MMS and SMS reach every phone: they have no fallback.")
            run.note(f"fallback.{part}", "fallback.needless", message)
        return
    for part, text in (("sms", fallback.sms), ("aim", fallback.aim), ("h5", fallback.h5)):
        if text:
            run.text(f"fallback.{part}.text", f"fallback.{part}.text", text.text)
    if fallback.mms:
        run.text("fallback.mms.title", "mms.title", fallback.mms.title)
        check_frames(run, "fallback.mms.frames", fallback.mms.frames, "fallback.mms")


_CHECKS: dict[type, Callable[[Checking, Any], None]] = {
    Text: _text,
    SingleCard: _single_card,
    Carousel: _carousel,
    File: _file,
    Place: _place,
    Mms: _mms,
    Sms: _sms,
}
