"""Signs that nobody sees: direction marks, zero-width blanks, byte order marks. They come with what is copied from chats,
web pages and joined files."""

import re

# Inside other text some of them belong to scripts and emoji, so only numbers and column names lose all of them.
SIGNS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb"
)
_ANY = re.compile(f"[{SIGNS}]+")
# A variation selector (FE00-FE0F) after an emoji belongs to it.
_AROUND = "".join(
    chr(code)
    for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F))
    for code in range(first, last + 1)
) + (
    "\u00ad\u061c\ufeff \t\r\n\x0b\x0c\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u3000"
)


def removed(text: str) -> str:
    """Without any of them: for numbers and names of columns, which have none of their own."""
    return text if text.isascii() else _ANY.sub("", text)


def trimmed(text: str) -> str:
    """Without them and without blanks at both ends: for any other text."""
    return text.strip(_AROUND)
