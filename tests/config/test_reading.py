"""A text file in blocks says the same as row by row, line numbers included."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tables.file_errors import ImportRefused
from kit.tables.rows import sniff
from kit.tables.texts import TextFile

CELLS = st.text(alphabet=st.sampled_from('ab,"\n\r 1'), max_size=5)
ROWS = st.lists(st.lists(CELLS, max_size=3), min_size=1, max_size=12)


def in_blocks(source: TextFile, size: int) -> list[tuple[int, list[str]]]:
    found = [pair for lines, rows in source.blocks(size, 1) for pair in zip(lines, rows, strict=True)]
    return [(line, row) for line, row in found if any(row)]


def written(rows: list[list[str]], end: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue()


@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n", "\r"]), size=st.integers(1, 4))
def test_whatever_stands_in_the_cells(tmp_path_factory, rows, end, size):
    path = tmp_path_factory.mktemp("reading") / "file.csv"
    path.write_bytes(written([["head"], *rows], end).encode())
    source = TextFile(path, "utf-8", ",")
    assert in_blocks(source, size) == list(source.rows())[1:]


def test_lines_are_counted_through_cells_of_several_lines(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(b'\n\nphone,note\r\n1,"a\r\nb\nc"\r\n\r\n2,x\n3,"\r"\n4,y')
    expected = [(4, ["1", "a\r\nb\nc"]), (8, ["2", "x"]), (9, ["3", "\r"]), (11, ["4", "y"])]
    for size in (1, 2, 3, 40):
        assert in_blocks(sniff(path), size) == expected


def test_a_quotation_mark_that_breaks_a_row_is_said_with_its_line(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("phone\n" + "1\n" * 30 + '"2"3\n' + "4\n" * 30)
    with pytest.raises(ImportRefused) as refused:
        list(sniff(path).blocks(40, 1))
    assert (refused.value.key, refused.value.params["line"]) == ("quotes", 32)
