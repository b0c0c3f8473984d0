"""CSV files as vendors write them: the fast reader for clean files, the exact reader for others, with the same rows."""

import csv
import gzip
import io
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assets.reading.csv_records import Record, header, records
from assets.reading.formats import UnreadableFileError
from assets.reading.record_lookup import raw_records
from assets.reading.text_columns import open_columns
from schemas.shape import Selection, Shape

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """Opens one connection for all of these tests."""
    return duckdb.connect(config={"threads": 1})


def read(folder: Path, content: bytes, encoding: str = "utf-8", delimiter: str = ",") -> list[Record]:
    """Returns the records of the exact reader."""
    path = folder / "export.csv"
    path.write_bytes(content)
    return list(records(path, encoding, delimiter))


def good(folder: Path, content: bytes, encoding: str = "utf-8") -> list[list[str]]:
    """Returns the cells of records without a problem."""
    return [record.fields for record in read(folder, content, encoding) if not record.problem]


def bad(folder: Path, content: bytes, encoding: str = "utf-8") -> list[tuple[int, int, str, str]]:
    """Returns number, line, raw text and problem of the others."""
    found = read(folder, content, encoding)
    return [(record.number, record.line, record.raw, record.problem) for record in found if record.problem]


def columns(
    path: Path, names: list[str], *, exact: bool, encoding: str = "utf-8"
) -> tuple[Rows, list[tuple[int, str]]]:
    """Returns an import's view of a CSV file: its rows with their numbers, and the rejected ones."""
    shape = Shape(name="invented", description="Invented.", encoding=encoding)
    opened = open_columns(connection(), path, shape, Selection(columns=names), exact=exact)
    found = connection().execute(f"SELECT * FROM {opened.relation}").fetchall()
    if not opened.numbered:
        found = [(*row, number) for number, row in enumerate(found, start=1)]
    # An empty cell and a missing one are equal to every macro, and so are blanks at the ends of a cell.
    rows: Rows = [(*((cell or "").strip(" ") or None for cell in row[:-1]), row[-1]) for row in found]
    return rows, [(reject.landed_row, reject.reason) for reject in opened.rejects]


def test_records_of_wrong_width_are_reported_with_their_line(folder: Path) -> None:
    content = b"a,b\n1,2\n3\n4,5,6\n\n7,8\n"
    assert good(folder, content) == [["1", "2"], ["7", "8"]]
    assert bad(folder, content) == [
        (2, 3, "3", "has 1 cells where the header has 2"),
        (3, 4, "4,5,6", "has 3 cells where the header has 2"),
    ]


def test_empty_cells_after_the_last_column_are_ignored(folder: Path) -> None:
    assert good(folder, b"a,b\n1,2,\n3,4,,\n5,,\n") == [["1", "2"], ["3", "4"], ["5", ""]]


def test_stray_quote_rejects_only_its_line(folder: Path) -> None:
    content = b'a,b\n1,2\n"3,4\n5,6\n"7"x,8\n9,"10\n11,12\n'
    assert good(folder, content) == [["1", "2"], ["5", "6"], ["11", "12"]]
    assert bad(folder, content) == [
        (2, 3, '"3,4', "its quotes do not match"),
        (4, 5, '"7"x,8', "its quotes do not match"),
        (5, 6, '9,"10', "its quotes do not match"),
    ]


def test_unclosed_quote_does_not_swallow_a_long_file(folder: Path) -> None:
    lines = [b"%d,x\n" % number for number in range(5_000)]
    lines[7] = b'"7,x\n'
    found = read(folder, b"a,b\n" + b"".join(lines))
    assert [record.number for record in found if record.problem] == [8]
    assert len(found) == 5_000


def test_records_after_a_very_long_line_are_read(folder: Path) -> None:
    found = read(folder, b"a,b\n1,2\n" + b"x" * 3_000_000 + b"\n3,4\n")
    assert [record.number for record in found] == list(range(1, len(found) + 1))
    assert [record.fields for record in found if not record.problem] == [["1", "2"], ["3", "4"]]


def test_blanks_around_quotes_are_ignored(folder: Path) -> None:
    assert good(folder, b'a,b\n1, "2, 3"\n"4" ,"5" \n"6\n7" ,8\n') == [["1", "2, 3"], ["4", "5"], ["6\n7", "8"]]


def test_quoted_newlines_belong_to_their_cell(folder: Path) -> None:
    content = b'a,b\n"1\n\n1",2\n"3 ""x""\r\n",4\n5\n'
    assert good(folder, content) == [["1\n\n1", "2"], ['3 "x"\r\n', "4"]]
    assert bad(folder, content) == [(3, 7, "5", "has 1 cells where the header has 2")]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_line_ends_byte_order_marks_and_blank_lines_are_handled(folder: Path, newline: bytes, begin: bytes) -> None:
    content = begin + b"a,b\n1,2\n\n3,4".replace(b"\n", newline)
    assert header(_written(folder, content), "utf-8", ",") == ["a", "b"]
    assert good(folder, content) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_byte_order_mark_sets_the_encoding(folder: Path, encoding: str) -> None:
    content = "ä,b\né,🌿\n".encode(encoding)
    assert header(_written(folder, content), "utf-8", ",") == ["ä", "b"]
    assert good(folder, content) == [["é", "🌿"]]


def test_a_declared_encoding_is_used(folder: Path) -> None:
    assert good(folder, "a,b\né,€\n".encode("cp1252"), "cp1252") == [["é", "€"]]


@pytest.mark.parametrize(
    "content, encoding",
    [
        (b"a,b\n1,2\n\xff\xe9,4\n5,6\n", "utf-8"),
        (b"a,b\n1,2\n\x81,4\n5,6\n", "cp1252"),
        (b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") + b"\x00\xd83\x00,\x004\x00\n\x00" + "5,6\n".encode("utf-16-le"),
         "utf-16"),
        ("a,b\n1,2\n".encode("utf-16-be") + b"\xd8\x00\x003\x00,\x004\x00\n" + "5,6\n".encode("utf-16-be"), "utf-16-be"),
    ],
)  # fmt: skip
def test_invalid_bytes_reject_only_their_record(folder: Path, content: bytes, encoding: str) -> None:
    assert good(folder, content, encoding) == [["1", "2"], ["5", "6"]]
    assert [(number, line, why) for number, line, _, why in bad(folder, content, encoding)] == [
        (2, 3, f"holds bytes that are not {encoding}")
    ]


def test_truncated_character_at_the_end_is_reported(folder: Path) -> None:
    assert good(folder, "a,b\n1,2\n3,4\n".encode("utf-16")[:-1]) == [["1", "2"]]


def test_nul_byte_rejects_only_its_record(folder: Path) -> None:
    assert bad(folder, b"a,b\n1,2\n3\x00,4\n") == [(2, 3, "3\x00,4", "holds a NUL character")]


@pytest.mark.parametrize(
    "line, names",
    [
        (b"a,a,a", ["a", "a_2", "a_3"]),
        (b"a,a_2,a", ["a", "a_2", "a_3"]),
        (b"a,,  ,b", ["a", "column_2", "column_3", "b"]),
        (b'"\nViews (Avg.)","Two\n lines"', ["Views (Avg.)", "Two lines"]),
        (b"handle,Handle", ["handle", "Handle"]),
    ],
)
def test_column_names_are_unique(folder: Path, line: bytes, names: list[str]) -> None:
    assert header(_written(folder, line + b"\n"), "utf-8", ",") == names


@pytest.mark.parametrize("content", [b"\n\n", b'"a,b\n1,2\n', b'a,"b"c\n1,2\n', b"a," + b"x" * 2**21 + b"\n1,2\n"])
def test_file_without_readable_header_is_reported(folder: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match=r"^export\.csv.* header"):
        header(_written(folder, content), "utf-8", ",")


@pytest.mark.parametrize(
    "cut", [b"a,b,c\n1,2,3\n4,5", b'a,b,c\n1,2,3\n4,5,"6', b'a,b,c\n1,2,3\n4,"5\n6', b"a,b,c\n1,2,3\n4,"]
)
def test_incomplete_last_record_means_truncation(folder: Path, cut: bytes) -> None:
    with pytest.raises(UnreadableFileError, match=r"^export\.csv:[34] ends in the middle of a record"):
        read(folder, cut)


def test_complete_last_record_needs_no_line_end(folder: Path) -> None:
    assert good(folder, b"a,b\n1,2\n3,4") == [["1", "2"], ["3", "4"]]


def test_truncated_gzip_file_is_reported_by_name(folder: Path) -> None:
    path = folder / "export.csv.gz"
    content = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (number, number**7) for number in range(20_000)))
    path.write_bytes(content[:-2_000])
    with pytest.raises(UnreadableFileError, match=r"^export\.csv\.gz is no whole gzip file"):
        columns(path, ["a", "b"], exact=True)


@pytest.mark.parametrize(
    "name, content", [("a.csv", gzip.compress(b"a,b\n1,2\n", mtime=0)), ("a.csv.gz", b"a,b\n1,2\n")]
)
def test_compression_is_detected_from_bytes_and_not_from_the_name(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.write_bytes(content)
    assert columns(path, ["a", "b"], exact=False) == ([("1", "2", 1)], [])


@pytest.mark.parametrize(
    "content",
    [
        b"\n\na,b\n1,2\n", b"\r\na,b\r\n1,2\r\n", b"a\n1\n\n2\n\n", b"A,a,b\nno,1,2\n", b"landed_row,a,b\n9,1,2\n",
        b"a,b\n1,2,\n3,4\n", b'a,b\n"",""\n1,2\n', b"a,b\n,\n1,2\n", b'a,b\n1, "2,\n3" \n"4" ,5\n 6, 7\n', b'"a\nx",b,a\n1,2,3\n',
    ],
)  # fmt: skip
def test_both_readers_give_the_same_rows_with_the_same_numbers(folder: Path, content: bytes) -> None:
    path = _written(folder, content)
    names = ["a", "b"] if b"b" in content else ["a"]
    assert columns(path, names, exact=False) == columns(path, names, exact=True)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8) | st.sampled_from(
    ["", " ", '"', ",", "\n", "\r", "\r\n", '""', 'a"b', "a,b", " a ", "0012", "\ufeff", "é"]
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    return draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=12))


@given(tables(), st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)]))
def test_both_readers_read_every_table_written_by_python(
    folder: Path, table: list[list[str]], style: tuple[str, int]
) -> None:
    names = [f"c{place}" for place in range(len(table[0]) if table else 2)]
    text = io.StringIO()
    csv.writer(text, lineterminator=style[0], quoting=style[1]).writerows([names, *table])  # type: ignore[arg-type]
    path = _written(folder, text.getvalue().encode())
    expected = [(*(cell.strip(" ") or None for cell in row), number) for number, row in enumerate(table, start=1)]
    assert columns(path, names, exact=True) == (expected, [])
    try:
        assert columns(path, names, exact=False) == (expected, [])
    except duckdb.Error:  # not clean enough: an import reads the file again, exactly
        return


@example('  ",', 2, "\n")
@given(st.text('a1",,,\n\n\n\r \x00é', max_size=40), st.sampled_from([1, 2, 3]), st.sampled_from(["\n", "\r\n"]))
def test_fast_reader_refuses_files_with_problems(folder: Path, body: str, width: int, newline: str) -> None:
    names = ["c0", "c1", "c2"][:width]
    path = _written(folder, (",".join(names) + newline + body).encode())
    try:
        fast = columns(path, names, exact=False)
    except (duckdb.Error, UnreadableFileError):
        return
    assert fast == columns(path, names, exact=True)


@given(
    st.binary(max_size=200) | st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b"\xc3"])).map(b"".join),
    st.sampled_from(["utf-8", "cp1252", "utf-16", "utf-16-le", "ascii", "shift_jis"]),
    st.sampled_from([b"", b"a,b\n", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]),
)  # fmt: skip
def test_records_of_any_bytes_are_numbered_without_gaps(folder: Path, body: bytes, encoding: str, begin: bytes) -> None:
    try:
        found = read(folder, begin + body, encoding)
    except UnreadableFileError:
        return
    assert [record.number for record in found] == list(range(1, len(found) + 1))
    lines = [record.line for record in found]
    assert lines == sorted(set(lines))
    shape = Shape(name="invented", description="Invented.", format="csv", encoding=encoding)
    numbers = {record.number for record in found}
    assert set(raw_records(connection(), folder / "export.csv", shape, numbers)) == numbers


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "export.csv"
    path.write_bytes(content)
    return path
