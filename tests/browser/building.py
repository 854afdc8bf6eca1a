"""Builds given content by hand: every value is typed, chosen or picked as a person would."""

from typing import Any

from tests.browser.driver import Editor

OWN_FIELDS = {
    "open_url": ("url", "application"),
    "dial": ("phone",),
    "show_place": ("latitude", "longitude", "place"),
    "find_place": ("query",),
    "compose": ("phone", "text"),
    "calendar": ("start", "end", "title", "description"),
}
STYLE_WORDS = {"bold": "Bold", "italics": "Italics", "underline": "Underline"}


def build(editor: Editor, content: dict[str, Any], fallback: dict[str, Any] | None = None) -> None:
    editor.kind(content["kind"])
    _BODIES[content["kind"]](editor, content)
    for chip in content.get("suggestions", []):
        _suggestion(editor, "", chip)
    for part, value in (fallback or {}).items():
        _part(editor, part, value)


def _text(editor: Editor, content: dict[str, Any]) -> None:
    editor.type("text", content["text"])


def _styles(editor: Editor, content: dict[str, Any]) -> None:
    for name in ("title_style", "description_style"):
        for style in content.get(name, []):
            editor.style(name, STYLE_WORDS[style])


def _single_card(editor: Editor, content: dict[str, Any]) -> None:
    if content.get("orientation") == "HORIZONTAL":
        editor.choose("orientation", "HORIZONTAL")
        editor.choose("alignment", content["alignment"])
    _styles(editor, content)
    _card(editor, "card", content["card"])


def _carousel(editor: Editor, content: dict[str, Any]) -> None:
    if content.get("width"):
        editor.choose("width", content["width"])
    _styles(editor, content)
    for index, card in enumerate(content["cards"]):
        if index >= 2:
            editor.add("cards")
        editor.unfold(f"cards.{index}")
        _card(editor, f"cards.{index}", card)


def _card(editor: Editor, path: str, card: dict[str, Any]) -> None:
    if card.get("media"):
        editor.media(f"{path}.media", f"picture-{card['media']['asset']}.jpg")
        if card["media"].get("height", "MEDIUM") != "MEDIUM":
            editor.choose(f"{path}.media.height", card["media"]["height"])
    editor.type(f"{path}.title", card.get("title", ""))
    editor.type(f"{path}.description", card.get("description", ""))
    for button in card.get("suggestions", []):
        _suggestion(editor, path, button)


def _suggestion(editor: Editor, owner: str, item: dict[str, Any]) -> None:
    kind = item["kind"]
    whole_day = kind == "calendar" and len(item["start"]) == 10
    fields = {} if whole_day else {name: item[name] for name in OWN_FIELDS.get(kind, ()) if item.get(name)}
    path = editor.suggestion(owner, kind, item["label"], item.get("data", ""), **fields)
    if whole_day:
        editor.at(path).get_by_label("Whole day").check()
        for name in OWN_FIELDS["calendar"]:
            editor.type(f"{path}.{name}", item[name])


def _file(editor: Editor, content: dict[str, Any]) -> None:
    editor.media("media", f"picture-{content['media']['asset']}.jpg")


def _place(editor: Editor, content: dict[str, Any]) -> None:
    for name in ("label", "latitude", "longitude"):
        editor.type(name, content[name])


def _frames(editor: Editor, content: dict[str, Any], prefix: str = "") -> None:
    editor.type(f"{prefix}title", content["title"])
    for index, frame in enumerate(content["frames"]):
        if index:
            editor.add(f"{prefix}frames")
        path = f"{prefix}frames.{index}"
        editor.unfold(path)
        if frame.get("media"):
            editor.media(f"{path}.media", f"picture-{frame['media']['asset']}.jpg")
        editor.type(f"{path}.text", frame.get("text", ""))
        if frame.get("seconds"):
            editor.type(f"{path}.seconds", str(frame["seconds"]))


def _part(editor: Editor, part: str, value: dict[str, Any]) -> None:
    editor.add(f"fallback.{part}")
    if part == "mms":
        _frames(editor, value, "fallback.mms.")
    else:
        editor.type(f"fallback.{part}.text", value["text"])


_BODIES = {
    "text": _text,
    "sms": _text,
    "card": _single_card,
    "carousel": _carousel,
    "file": _file,
    "place": _place,
    "mms": _frames,
}
