"""Small inputs that once failed, as files."""

from pathlib import Path

CASES = Path(__file__).parent
