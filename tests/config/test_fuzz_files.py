"""Files of any bytes: read or refused with a sentence, each row once, and the two ways of reading agree."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.audiences.imports.row_checks import Plan, sift
from kit import masks
from kit.phones import NUMBER_WORDS, normalise
from kit.spreadsheets import child
from kit.spreadsheets.refusal import Refusal
from kit.spreadsheets.scan import Scan, scan
from kit.tables import file_errors, headers, layouts, masked
from kit.tables.file_errors import ImportRefused
from kit.tables.rows import sniff
from tests.fuzzing import EXAMPLES
from tests.workbooks import by_hand

pytestmark = pytest.mark.fuzz
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NUMBERS = st.integers(13000000000, 19999999999).map(str)
ODD_NUMBERS = st.builds(
    lambda number, gap, before, behind: before + gap.join([number[:3], number[3:7], number[7:]]) + behind,
    NUMBERS,
    st.sampled_from(["", " ", "-", ".", "\u200b", "，", "/", "—"]),
    st.sampled_from(["", "+86", "0086", "'", "\ufeff", "tel:", "\u202d", '"', '="', "0"]),
    st.sampled_from(["", ".0", ".00", ";", "\u202c", "x", '"', "\0", "E+3"]),
)
NAMES = st.sampled_from(
    ["手机号", "姓名", "城市", "余额", "phone", "原因", "", "同意日期", " 姓名", "\ufeff手机号", "手机号"]
)
CELLS = st.one_of(
    NUMBERS,
    ODD_NUMBERS,
    NAMES,
    st.text(max_size=8),
    st.sampled_from(["张三", "=SUM(1)", "#N/A", "1.38E+10", "¦", "2026-11-11", "a\nb"]),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])


@st.composite
def changed(draw: Any, data: bytes) -> bytes:
    """The bytes with a few of them cut, put in, doubled or turned."""
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 6))
        put = draw(
            st.one_of(
                st.binary(max_size=4),
                st.just(data[at : at + size] * 2),
                st.sampled_from([b"", b"\xef\xbb\xbf", b'"', b"\n"]),
            )
        )
        data = data[:at] + put + data[at + size :]
    return data


@st.composite
def texts(draw: Any) -> bytes:
    """A list as a program might write it, in any encoding, and then changed."""
    delimiter = draw(st.sampled_from([",", "\t", ";", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    rows = draw(st.lists(st.lists(CELLS, max_size=4), max_size=12))
    if draw(st.booleans()):
        rows.insert(0, ["手机号", "姓名", "城市"])
    quoted = draw(st.booleans())
    lines = [
        delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if quoted else cell for cell in row) for row in rows
    ]
    top = draw(st.sampled_from(["", f"sep={delimiter}{end}", f"会员名单{end}", "\ufeff"]))
    data = (top + end.join(lines)).encode(draw(ENCODINGS), "replace")
    return draw(changed(data))


def kept(folder: Any, data: bytes) -> Path:
    path = (
        Path(folder.mktemp("fuzz", numbered=True)) / "file.dat" if not isinstance(folder, Path) else folder / "file.dat"
    )
    path.write_bytes(data)
    return path


def check_sentence(refusal: ImportRefused) -> None:
    assert refusal.key in file_errors.FILE
    assert "%(" not in str(refusal)


def check_rows(path: Path) -> None:
    """Refused with a whole sentence, or each row below the header once: good or bad."""
    try:
        source = sniff(path)
        layout, header, rows = layouts.look(source, 5)
        pairs = [
            pair for lines, cells in source.blocks(7, layout.header_line) for pair in zip(lines, cells, strict=True)
        ]
        slow = [(line, row) for line, row in source.rows() if line > layout.header_line]
    except ImportRefused as refusal:
        check_sentence(refusal)
        return
    assert [(line, row) for line, row in pairs if any(row)] == slow
    assert rows == slow[: len(rows)]
    plan = Plan(header, headers.find([header]), tuple(header[1:]), tuple(range(1, len(header))), {})
    good, bad = sift(source.blocks(7, layout.header_line), plan)
    told = {int(line.split("\t")[0]) for line in good} | {one.line for one in bad}
    assert len(good) + len(bad) == len(told)
    assert told <= {line for line, _row in slow}
    for one in good:
        assert normalise(one.split("\t")[1]) == (one.split("\t")[1], "")


class TestTexts:
    @fuzzed
    @given(data=st.one_of(texts(), st.binary(max_size=300)))
    def test_any_bytes(self, tmp_path: Path, data: bytes) -> None:
        check_rows(kept(tmp_path, data))

    @fuzzed
    @given(cell=st.one_of(CELLS, ODD_NUMBERS, st.text(max_size=40)))
    def test_any_cell(self, cell: str) -> None:
        number, reason = normalise(cell)
        assert bool(number) != bool(reason)
        assert not reason or reason in NUMBER_WORDS
        assert not number or (len(number) == 11 and number.isascii() and number.isdigit() and number[0] == "1")
        hidden = masked(cell)
        assert "\0" not in hidden
        if number:
            assert number not in masks.text(cell)

    @fuzzed
    @given(
        number=NUMBERS,
        gaps=st.lists(
            st.sampled_from(["", " ", "-", ".", "·", "\u200b", "\u00a0", "–", "_", ") "]), min_size=10, max_size=10
        ),
    )
    def test_a_number_with_anything_between_its_digits_is_masked(self, number: str, gaps: list[str]) -> None:
        spaced = "".join(digit + gap for digit, gap in zip(number, [*gaps, ""], strict=True))
        shown = masks.text(f"客户 {spaced} 来电")
        assert shown == f"客户 {number[:3]}****{number[-4:]} 来电"
        assert number[3:9] not in "".join(filter(str.isdigit, masked(spaced)))


FIGURES = st.one_of(
    NUMBERS, st.floats(allow_nan=False, allow_infinity=False).map(repr), st.integers(-(10**20), 10**20).map(str)
)
WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="<>&\ufffe\uffff"),
    max_size=6,
)
VALUES = st.one_of(WORDS, FIGURES)
FITTING = {
    ' t="str"': VALUES,
    ' t="inlineStr"': VALUES,
    ' t="s"': st.just("0"),
    ' t="b"': st.sampled_from("01"),
    ' t="e"': st.sampled_from(["#N/A", "#DIV/0!", "#REF!"]),
    ' t="d"': st.sampled_from(["2026-11-11", "2026-11-11T08:30:00"]),
}


@st.composite
def cells(draw: Any, row: int) -> str:
    column = draw(
        st.sampled_from(["A", "B", "C", "Z", "AA", "XFD"] if draw(st.integers(0, 30)) == 0 else ["A", "B", "C"])
    )
    place = draw(st.sampled_from([f' r="{column}{row}"', f' r="{column}{row}"', ""]))
    style = draw(st.sampled_from(["", ' s="0"', ' s="1"', ' s="99"']))
    kind = draw(st.sampled_from(["", ' t="n"', ' t="str"', ' t="inlineStr"', ' t="s"', ' t="b"', ' t="e"', ' t="d"']))
    head = f"<c{style}{place}{kind}" if draw(st.integers(0, 9)) == 0 else f"<c{place}{style}{kind}"
    form = draw(st.sampled_from(["v", "v", "f", "empty", "none"] if "inline" not in kind else ["is"]))
    value = draw(VALUES if draw(st.integers(0, 30)) == 0 else FITTING.get(kind, FIGURES))
    body = {
        "v": f"><v>{value}</v></c>",
        "f": f"><f>A1+1</f><v>{value}</v></c>",
        "is": f"><is><t>{value}</t></is></c>",
        "empty": "/>",
        "none": "><v></v></c>",
    }
    return head + body[form]


@st.composite
def sheets(draw: Any) -> str:
    rows = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        hidden = draw(st.sampled_from(["", "", ' hidden="1"', ' spans="1:3"']))
        place = draw(st.sampled_from([f' r="{number}"', f' r="{number}"', f' r="{number}"', ""]))
        inside = "".join(draw(st.lists(cells(number), max_size=4)))
        rows.append(f"<row{place}{hidden}>{inside}</row>")
    return draw(st.sampled_from(["", "<!-- -->", "\n"])).join(rows)


STYLES = (
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1">'
    b'<numFmt numFmtId="170" formatCode="%s"/></numFmts><cellXfs count="2"><xf numFmtId="0"/>'
    b'<xf numFmtId="170"/></cellXfs></styleSheet>'
)
CODES = st.one_of(
    st.sampled_from(
        ["0.00", "00000", "0%", "yyyy-mm-dd", "[h]:mm", "#,##0.00_);[Red](#,##0.00)", "@", "General", "0.0,,"]
    ),
    st.text(alphabet='0#?.,%E+-ymdhsAPGeneral;[]"\\_* /@', max_size=10),
)


@st.composite
def books(draw: Any) -> bytes:
    code = draw(CODES).replace("&", "").replace('"', "&quot;").replace("<", "")
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>a</t></si></sst>'
    data = by_hand(
        *draw(st.lists(sheets(), min_size=1, max_size=2)),
        more={"xl/styles.xml": STYLES % code.encode(), "xl/sharedStrings.xml": strings},
    )
    how = draw(st.sampled_from(["as it is", "as it is", "packed", "inside"]))
    if how == "as it is":
        return data
    return draw(changed(data) if how == "packed" else changed_inside(data))


@st.composite
def changed_inside(draw: Any, data: bytes) -> bytes:
    """One member changed before it is packed, so that what reads XML meets it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        victim = draw(st.sampled_from(names))
        for name in names:
            content = old.read(name)
            new.writestr(name, draw(changed(content)) if name == victim else content)
    return stream.getvalue()


# No pattern follows a comment: a sheet that has one is read by the parser.
FOR_THE_PARSER = b"<!-- -->"


class TestWorkbooks:
    """Here, without a process of its own: what would end the reader ends the test."""

    @fuzzed
    @given(data=books())
    def test_any_workbook(self, tmp_path: Path, data: bytes) -> None:
        path = kept(tmp_path, data)
        try:
            told = list(child.messages(path))
        except Refusal as refusal:
            check_sentence(ImportRefused(refusal.key, **refusal.params))
            return
        lines = [line for message in told[1:] for line in message["lines"]]
        rows = [row for message in told[1:] for row in message["rows"]]
        assert lines == sorted(set(lines))
        assert len(lines) == len(rows)
        assert all(isinstance(cell, str) for row in rows for cell in row)
        assert all(any(row) for row in rows)
        shown = [line for message in list(child.messages(path, leave_hidden=True))[1:] for line in message["lines"]]
        assert set(shown) <= set(lines)
        assert len(lines) - len(shown) <= told[0]["sheet"]["hidden_rows"]

    @fuzzed
    @given(sheet=sheets(), cut=st.integers(1, 400))
    def test_the_patterns_see_what_the_parser_sees(self, sheet: str, cut: int) -> None:
        data = f"<worksheet><sheetData>{sheet}</sheetData></worksheet>".encode()
        pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
        quick = scan(lambda: pieces, calculated=True)
        slow = scan(lambda: [FOR_THE_PARSER, *pieces], calculated=True)
        assert seen(quick) == seen(slow)


def seen(found: Scan) -> tuple[Any, ...]:
    """All but the row from which a style holds."""
    styles = {column: [style for _row, style in runs] for column, runs in found.styles.items()}
    return found.last_row, found.first_column, found.last_column, found.hidden, found.odd, found.others, styles
