"""Rules of pictures, sound and film inside a message: known, usable, of a type that fits, not too large."""

from kit.msgids import gettext_noop as _
from templates_5g.blocks.measure import Checking, MediaInfo
from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.mms import Frame


def check_media(run: Checking, path: str, ref: MediaRef) -> None:
    """A medium that is shown: `path` is that of the reference."""
    run.text(f"{path}.alt", "media.alt", ref.alt)
    info = _find(run, f"{path}.asset", ref.asset)
    if info is None:
        return
    run.size(f"{path}.asset", info.family, info.size)
    if ref.thumbnail:
        _check_thumbnail(run, f"{path}.thumbnail", ref.thumbnail)
    elif info.family != "image":
        message = _("Sound and film need a thumbnail picture.")
        run.note(f"{path}.thumbnail", "thumbnail.missing", message, "warning")


def _check_thumbnail(run: Checking, path: str, asset: str) -> None:
    info = _find(run, path, asset)
    if info is None:
        return
    if info.family != "image":
        run.note(path, "thumbnail.type", _("A thumbnail must be a picture."))
    else:
        run.size(path, "thumbnail", info.size)


def _find(run: Checking, path: str, asset: str) -> MediaInfo | None:
    if not asset:
        run.note(path, "required", _("Choose a file from the media library."))
        return None
    info = run.media.get(asset)
    if info is None:
        run.note(path, "media.unknown", _("This file is not in the media library."))
    elif not info.usable:
        run.note(path, "media.unusable", _("This file was refused or archived; choose another."))
    else:
        return info
    return None


def check_frames(run: Checking, path: str, frames: tuple[Frame, ...], limit: str) -> None:
    """Frames of an MMS: each shows something, all together fit. `path` is that of the list."""
    run.count(path, "mms.frames", len(frames))
    total = 0
    for index, frame in enumerate(frames):
        at = f"{path}.{index}"
        if frame.seconds < run.limits["mms.seconds"].least:
            run.note(f"{at}.seconds", "seconds", _("A page is shown for at least one second."))
        if not frame.text.strip() and frame.media is None:
            run.note(at, "mms.empty", _("This page shows nothing: add a text or a file."))
        total += len(frame.text.encode()) + _frame_media(run, f"{at}.media.asset", frame)
    run.size(path, limit, total)


def _frame_media(run: Checking, path: str, frame: Frame) -> int:
    info = _find(run, path, frame.media.asset) if frame.media else None
    return info.size if info else 0
