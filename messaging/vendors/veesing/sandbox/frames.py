"""The sandbox's reading of `content`: the frame grammar of document 002, section 1, and nothing else."""

import base64
import binascii
import re

FRAMES = 15
BYTES = 80 * 1024
MEDIA = ("jpg", "gif", "mp4", "mp3")


class BadFrames(Exception):
    """What is wrong, by frame."""


def check_frames(content: str) -> None:
    """Raises BadFrames. A semicolon at the end is allowed: the document's format line has one."""
    frames = content.removesuffix(";").split(";")
    if len(frames) > FRAMES:
        raise BadFrames("more than 15 frames")
    if sum(_frame(frame, f"frame {number}") for number, frame in enumerate(frames, 1)) > BYTES:
        raise BadFrames("more than 80 KB")


def _frame(frame: str, at: str) -> int:
    """The raw bytes in one frame: play time, then at most one text and one medium."""
    seconds, *files = frame.split(",")
    if not re.fullmatch(r"[1-9]\d{0,3}", seconds):
        raise BadFrames(f"{at}: play time")
    kinds: list[str] = []
    size = 0
    for file in files:
        kind, bar, data = file.partition("|")
        if not bar or kind not in (*MEDIA, "txt"):
            raise BadFrames(f"{at}: file type")
        kinds.append("txt" if kind == "txt" else "medium")
        size += len(_decoded(kind, data, at))
    if not kinds or len(kinds) != len(set(kinds)):
        raise BadFrames(f"{at}: one text and one medium")
    return size


def _decoded(kind: str, data: str, at: str) -> bytes:
    try:
        raw = base64.b64decode(data, validate=True)
        if kind == "txt":
            raw.decode("gbk")
    except (binascii.Error, ValueError) as error:
        raise BadFrames(f"{at}: {kind}") from error
    if not raw:
        raise BadFrames(f"{at}: empty {kind}")
    return raw
