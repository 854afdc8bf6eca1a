"""The table of who may do what, as it stands in table.txt: a line a way, `what | who may`."""

from pathlib import Path

FILE = Path(__file__).with_name("table.txt")
HEAD = """\
# Who gets further than "you may not", at every address, by every action, with every scope of a token.
# tests/access/test_access.py fails on what is missing here and on what is not so. Superusers may what any role may.
# `everybody`: signed in or not. `signed in`: any colleague, with or without a role. `superusers`: they alone.
# `nobody`: not even they.
"""


def read() -> dict[str, str]:
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    rows = [line.partition(" | ")[::2] for line in lines]
    assert len(dict(rows)) == len(rows), "a way stands twice in table.txt"
    return dict(rows)


def write(rows: dict[str, str]) -> None:
    FILE.write_text(HEAD + "".join(f"{what} | {who}\n" for what, who in sorted(rows.items())))
