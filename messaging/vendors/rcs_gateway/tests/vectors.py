"""The document's own examples, as they lie in `samples/`: what was sealed, how, and what came back."""

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "samples"
CREDENTIALS = {"sp_id": "999992", "password": "72Afp4FrA", "aes_key": "fCvSYdaNVIts5Tu2MzNaHEwlJTMAwxHX"}
STAMP = "1722496932000"

SAMPLES: dict[str, dict[str, Any]] = {
    path.stem.split("_", 1)[1]: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
REQUESTS = [name for name, sample in SAMPLES.items() if sample["request"]["ciphertext"]]
SIGNED = [name for name, sample in SAMPLES.items() if sample["signature_valid"]]


def example(name: str) -> dict[str, Any]:
    """The request of an example as JSON, with its slips mended: a missing comma between two lines, `event` for `eventType`."""
    text = SAMPLES[name]["request"]["plaintext"].replace("\u00a0", " ")
    mended = re.sub(r'(["}])\s*\n(\s*")', r"\1,\n\2", text)
    return json.loads(mended.replace('"event":', '"eventType":'))
