"""What this vendor cannot carry, by path: of the content alone, and with the media at hand."""

from collections.abc import Iterator, Mapping

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Media, Submission
from messaging.vendors.veesing.payloads import EXTENSIONS
from templates_5g.blocks import Content, Mms, Problem
from templates_5g.blocks.mms import Frame
from templates_5g.blocks.variables import names_in

FRAMES = 15
KILOBYTES = 80


def of_message(message: Content) -> Iterator[Problem]:
    if not isinstance(message, Mms):
        return
    if not message.title.strip():
        yield Problem("title", "vendor.title", _("This vendor needs a title."))
    yield from _of_text("title", message.title)
    if not message.frames:
        yield Problem("frames", "vendor.frames", _("An MMS needs at least one frame."))
    if len(message.frames) > FRAMES:
        yield Problem("frames", "vendor.frames", _("This vendor takes %(limit)s frames at most."), {"limit": FRAMES})
    for index, frame in enumerate(message.frames):
        yield from _of_frame(f"frames.{index}", frame)


def _of_frame(path: str, frame: Frame) -> Iterator[Problem]:
    if frame.seconds < 1:
        yield Problem(f"{path}.seconds", "vendor.seconds", _("A frame is shown for one second at least."))
    if not frame.text and not frame.media:
        yield Problem(path, "vendor.empty_frame", _("Put a text or a medium into this frame."))
    yield from _of_text(f"{path}.text", frame.text)
    foreign = characters_outside_gbk(frame.text)
    if foreign:
        message = _("This vendor cannot carry these characters: %(characters)s")
        yield Problem(f"{path}.text", "vendor.gbk", message, {"characters": " ".join(foreign)})


def _of_text(path: str, text: str) -> Iterator[Problem]:
    """The MMS is made once and sent to all, so nobody can be named in it."""
    for name in names_in(text):
        message = _("This vendor sends everybody the same MMS: take out the variable %(name)s.")
        yield Problem(path, "vendor.variables", message, {"name": name})


def characters_outside_gbk(text: str) -> list[str]:
    """Each once, in order. Emoji are the usual ones."""
    return [character for character in dict.fromkeys(text) if not character.encode("gbk", "ignore")]


# --- with the media -------------------------------------------------------------------------------------------


def of_submission(submission: Submission, basis: str) -> Iterator[Problem]:
    """Types by path, and the size of the whole at `frames`, counted by the account's `basis`."""
    message, media = submission.content, submission.media
    if not isinstance(message, Mms):
        return
    for index, frame in enumerate(message.frames):
        if frame.media:
            yield from _of_medium(f"frames.{index}.media", media.get(frame.media.asset))
    size, most = total_size(message, media, basis), KILOBYTES * 1024
    if size > most:
        sentence = _("This vendor takes %(limit)s KB in all; this message has %(size)s KB.")
        yield Problem("frames", "vendor.size", sentence, {"limit": KILOBYTES, "size": -(-size // 1024)})


def _of_medium(path: str, medium: Media | None) -> Iterator[Problem]:
    if medium is None:
        yield Problem(path, "vendor.media", _("Choose a medium."))
    elif medium.mime not in EXTENSIONS:
        yield Problem(path, "vendor.media_type", _("This vendor takes jpg, gif, mp4 and mp3 files."))


def total_size(message: Mms, media: Mapping[str, Media], basis: str) -> int:
    """Bytes of all texts in GBK and all files, as they are or (`base64`) as they travel."""
    sizes = [len(frame.text.encode("gbk", "ignore")) for frame in message.frames]
    sizes += [media[frame.media.asset].size for frame in message.frames if frame.media and frame.media.asset in media]
    if basis == "base64":
        return sum(-(-size // 3) * 4 for size in sizes)
    return sum(sizes)
