"""An uploaded table, before anything of it is read."""

import hashlib
from typing import TypeAlias

from django.core.files import File

from kit.tables.file_errors import ImportRefused
from kit.tables.rows import MAX_CSV_MB

Upload: TypeAlias = "File[bytes]"


def digest(uploaded: Upload) -> str:
    """Its SHA-256 in hex: what tells a file that was there before. Raises ImportRefused for one that is empty or too big."""
    if not uploaded.size:
        raise ImportRefused("empty")
    if uploaded.size > MAX_CSV_MB << 20:
        raise ImportRefused("too_big", size=-(-uploaded.size >> 20), limit=MAX_CSV_MB)
    found = hashlib.sha256()
    for piece in uploaded.chunks():
        found.update(piece)
    uploaded.seek(0)
    return found.hexdigest()
