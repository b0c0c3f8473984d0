"""Cells of text to values: the macros that shapes are written with."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.shape import Shape

UNREADABLE = -9_000_000_000_000_000
NO_TIME = datetime(1, 1, 1)  # noqa: DTZ001 - times are kept in UTC, without a zone

BLANKS = ("", " ", "\t\n", "\u00a0", "-", "—", "n/a", "N/A'", "N/D", "n/d", "n.a.", "NaN", "none", "NULL", "#N/A")


@cache
def _connection(decimal: str, thousands: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    marks = {"decimal": decimal, "thousands": thousands}
    connection.execute(Shape.model_validate({"name": "marks", "description": "Marks.", **marks}).macros())
    return connection


def values(expression: str, cells: list[str | None], marks: tuple[str, str] = (".", "")) -> list[object]:
    """Evaluates an expression over x on cells, all of them in one vector, as in an import."""
    rows = (
        _connection(*marks)
        .execute(
            f"SELECT {expression} FROM (SELECT unnest(CAST($cells AS VARCHAR[])) AS x, "
            "generate_subscripts($cells, 1) AS place) ORDER BY place",
            {"cells": cells},
        )
        .fetchall()
    )
    return [row[0] for row in rows]


def value(expression: str, cell: str | None, marks: tuple[str, str] = (".", "")) -> object:
    """Evaluates an expression on one cell, with cells of other kinds around it."""
    return values(expression, ["7", cell, None, "x0"], marks)[1]


def utc(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001 - as NO_TIME


@pytest.mark.parametrize(
    "cell, marks, expected",
    [
        ("100", ".", 100), ("0", ".", 0), ("00012", ".", 12), (" 12 ", ".", 12), ("+7", ".", 7), ("-7", ".", -7),
        ("1e5", ".", 100_000), ("1.0", ".", 1), ("12\u00a0", ".", 12), ("9223372036854775807", ".", 2**63 - 1),
        ("475.8m", ".", 475_800_000), ("475.8M", ".", 475_800_000), ("29.0b", ".", 29_000_000_000), ("1B", ".", 10**9),
        ("0.89k", ".", 890), ("3.3K", ".", 3_300), ("2 K", ".", 2_000), ("268M", ".", 268_000_000),
        ("12,3K", ",", 12_300), ("12,3 k", ",", 12_300), ("1,5m", ",.", 1_500_000), ("12,3 K", ", ", 12_300),
        ("1,234", ".,", 1_234), ("12,345,678", ".,", 12_345_678), ("1,234K", ".,", 1_234_000), ("1.234", ",.", 1_234),
        ("1 234", ". ", 1_234), ("1\u00a0234\u00a0567", ", ", 1_234_567), ("1\u202f234", ", ", 1_234),
        ("1'234", ".'", 1_234), ("1’234", ".'", 1_234), ("1,000.0", ".,", 1_000),
    ],
)  # fmt: skip
def test_count_is_parsed_with_the_separators_of_its_shape(cell: str, marks: str, expected: int) -> None:
    assert value("count_of(x)", cell, (marks[0], marks[1:])) == expected


@pytest.mark.parametrize(
    "cell, marks",
    [
        ("a0", "."), ("1.5", "."), ("1,234", "."), ("1.234", ","), ("1 234", "."), ("1\u202f234", "."), ("1.2.3", "."),
        ("12,34,567", ".,"), ("1,2345", ".,"), ("1234,567", ".,"), ("1,000,00", ".,"), ("0,001", ".,"), ("0.001", ",."),
        ("1,234.000,000", ".,"), ("1.5,000", ".,"), ("1,5", ",."), ("1 234 K5", ". "),
        ("0x10", "."), ("0b11", "."), ("1_000", "."), ("1_000", ","), ("inf", "."), ("-inf", "."), ("Infinity", "."),
        ("1e400", "."), ("1e400", ","), ("1e30", "."), ("99999999999999999999", "."), ("--7", "."), ("−5", "."),
        ("5.", "."), ("1k5", "."), ("1kk", "."), ("k", "."), ("1e", "."), ("1 2", "."), ("1\n2", "."), ("٣", "."),
        ("１２", "."), ("true", "."), ('"5"', "."), ("%", "."), ("5%", "."), ("~5", "."), ("5+", "."), (">10k", "."),
    ],
)  # fmt: skip
def test_invalid_count_is_unreadable_and_never_another_number(cell: str, marks: str) -> None:
    assert value("count_of(x)", cell, (marks[0], marks[1:])) == UNREADABLE


@pytest.mark.parametrize(
    "cell, marks, expected",
    [
        ("3.375", ".", 3.375), ("3,375", ",", 3.375), ("43,71", ",", 43.71), ("1.234,5", ",.", 1_234.5),
        ("1,234.5", ".,", 1_234.5), (".5", ".", 0.5), ("1e-5", ".", 1e-5), ("1,5e3", ",", 1_500.0), ("-0.5", ".", -0.5),
        ("1,234", ".", UNREADABLE), ("3.375", ",", UNREADABLE), ("1,234.5,678", ".,", UNREADABLE),
        ("1_000.5", ".", UNREADABLE), ("0x1p3", ".", UNREADABLE), ("inf", ".", UNREADABLE), ("-inf", ".", UNREADABLE),
    ],
)  # fmt: skip
def test_number_keeps_its_fraction(cell: str, marks: str, expected: float) -> None:
    assert value("number_of(x)", cell, (marks[0], marks[1:])) == expected


@pytest.mark.parametrize("cell", ["1e400", "-1e400", "9" * 400])
def test_infinite_number_is_outside_every_range(cell: str) -> None:
    assert value("number_of(x)", cell) in (float("inf"), float("-inf"), UNREADABLE)


@pytest.mark.parametrize(
    "macro", ["count_of(x)", "number_of(x)", "likes_of(x)", "ratio_of(x, 'percent')", "time_of(x)"]
)
def test_null_words_are_null(macro: str) -> None:
    assert values(macro, [*BLANKS, None]) == [None] * (len(BLANKS) + 1)


def test_hidden_likes_are_null_and_other_negatives_stay() -> None:
    assert values("likes_of(x)", ["-1", "-1.0", "-2", "0", "many"]) == [None, None, -2, 0, UNREADABLE]


@pytest.mark.parametrize(
    "cell, unit, expected",
    [
        ("0.013", "fraction", 0.013), ("1.3", "fraction", 1.3), ("1.39%", "fraction", UNREADABLE),
        ("1.39%", "percent", 0.0139), ("1.39 %", "percent", 0.0139), ("1.39", "percent", 0.0139), ("0%", "percent", 0.0),
        ("1%3", "percent", UNREADABLE), ("%5", "percent", UNREADABLE), ("5%%", "percent", UNREADABLE),
        ("%", "percent", UNREADABLE), ("abc", "percent", UNREADABLE), ("0.5‰", "percent", UNREADABLE),
    ],
)  # fmt: skip
def test_ratio_is_converted_to_a_fraction(cell: str, unit: str, expected: float) -> None:
    assert value(f"ratio_of(x, '{unit}')", cell) == pytest.approx(expected, rel=1e-12)


def test_ratio_of_unknown_unit_is_a_shape_error() -> None:
    with pytest.raises(duckdb.Error, match="unit must be"):
        value("ratio_of(x, 'permille')", "1")


@pytest.mark.parametrize(
    "cell",
    [
        "2024-05-01T12:00:00", "2024-05-01 12:00:00", "2024-05-01T12:00", "2024-05-01T12:00:00Z", "2024-05-01T12:00Z",
        "2024-05-01T12:00:00.000Z", "2024-05-01T12:00:00+00:00", "2024-05-01T12:00:00+0000", "2024-05-01 12:00:00 UTC",
        "2024-05-01 12:00:00.000 UTC", "2024-05-01T12:00:00 GMT", "2024-05-01T14:00:00+02:00", "2024-05-01T14:00:00+0200",
        "2024-05-01T14:00:00.000+0200", "2024-05-01T14:00+02:00", "2024-05-01 14:00:00 +0200", "2024-05-01 14:00 +02:00",
        "2024-05-01T07:00:00-05", "2024-05-01T07:00:00-05:00", "2024-05-01 07:00:00 -0500", "2024-05-01T07:00-0500",
        "2024-05-01T17:30:00+0530", "2024/05/01 12:00", " 2024-05-01T12:00:00Z\n",
    ],
)  # fmt: skip
def test_time_is_converted_to_utc(cell: str) -> None:
    assert value("time_of(x)", cell) == utc(2024, 5, 1, 12)


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("2024-05-01", utc(2024, 5, 1)), ("2024-05-01 ", utc(2024, 5, 1)), ("2024-02-29", utc(2024, 2, 29)),
        ("2024-05-01T12:00:00.5Z", utc(2024, 5, 1, 12, 0, 0, 500_000)),
        ("2024-05-01T12:00:00.123456+02:00", utc(2024, 5, 1, 10, 0, 0, 123_456)),
        ("2024-01-01T00:30:00+02:00", utc(2023, 12, 31, 22, 30)),
    ],
)  # fmt: skip
def test_dates_and_fractional_seconds_are_kept(cell: str, expected: datetime) -> None:
    assert value("time_of(x)", cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "3 weeks ago", "1700000000", "2024", "12:30", "01/05/2024", "2024-13-01", "2024-02-30", "epoch", "infinity",
        "-infinity", "2024-05-01 (BC)", "99999-01-01", "0000-01-01", "-2024-05-01", "2024-05-01T12:00:60",
        # DuckDB drops a word after a time without an error.
        "2024-05-01 01:00:00 PM", "2024-05-01 12:00:00 EST", "2024-05-01 12:00:00 America/New_York",
        "2024-05-01 12:00:00 NZ", "2024-05-01 12:00:00.5 NZ", "2024-05-01 12:00:00 5", "2024-05-01 12:00 5",
        "2024-05-01T12:00:00+99:00", "2024-05-01T12:00:00+02:60", "2024-05-01T12:00:00+02:00Z", "2024-5-1 1:00+02:00:00",
    ],
)  # fmt: skip
def test_invalid_time_is_unreadable_and_never_another_time(cell: str) -> None:
    assert value("time_of(x)", cell) == NO_TIME


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("1700000000", utc(2023, 11, 14, 22, 13, 20)), ("1700000000.5", utc(2023, 11, 14, 22, 13, 20, 500_000)),
        ("0", utc(1970, 1, 1)), ("abc", NO_TIME), ("inf", NO_TIME), ("1_700_000_000", NO_TIME), ("1e300", NO_TIME),
        ("9.2233720369e12", NO_TIME), ("1700000000000", NO_TIME), ("nan", None), ("", None),
    ],
)  # fmt: skip
def test_epoch_seconds_are_parsed_and_milliseconds_rejected(cell: str, expected: datetime | None) -> None:
    assert value("epoch_of(x)", cell) == expected


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("05/09/2000", utc(2000, 9, 5)), ("31/02/2000", NO_TIME), ("2000-09-05", NO_TIME), ("01/01/0000", NO_TIME),
        ("n/d", None),
    ],
)  # fmt: skip
def test_time_with_a_declared_format_is_parsed(cell: str, expected: datetime | None) -> None:
    assert value("time_in(x, '%d/%m/%Y')", cell) == expected


@pytest.mark.parametrize(
    "cell, day_first, month_first",
    [
        ("05/09/2018", utc(2018, 9, 5), utc(2018, 5, 9)), ("5.9.2018 14:05", utc(2018, 9, 5, 14, 5), utc(2018, 5, 9, 14, 5)),
        ("05-09-18", utc(2018, 9, 5), utc(2018, 5, 9)), ("13/09/2018", utc(2018, 9, 13), NO_TIME),
        ("09/13/2018", NO_TIME, utc(2018, 9, 13)), ("05/09/2018 3:04 PM", utc(2018, 9, 5, 15, 4), utc(2018, 5, 9, 15, 4)),
        ("05/09/2018, 03:04:05 am", utc(2018, 9, 5, 3, 4, 5), utc(2018, 5, 9, 3, 4, 5)),
        ("2018-09-05", utc(2018, 9, 5), utc(2018, 9, 5)), ("2018-09-05T10:00:00+02:00", utc(2018, 9, 5, 8), utc(2018, 9, 5, 8)),
        ("31/02/2018", NO_TIME, NO_TIME), ("5/9/018", NO_TIME, NO_TIME), ("1/1/2020 14:00 PM", NO_TIME, NO_TIME),
        ("05/09/2018 25:00", NO_TIME, NO_TIME), ("05/09", NO_TIME, NO_TIME), ("5 9 2018", NO_TIME, NO_TIME),
        ("1/2/2020 EST", NO_TIME, NO_TIME), ("0/0/2020", NO_TIME, NO_TIME), ("n/d", None, None),
    ],
)  # fmt: skip
def test_day_is_parsed_in_the_declared_order(
    cell: str, day_first: datetime | None, month_first: datetime | None
) -> None:
    assert value("time_of(x, 'DMY')", cell) == day_first
    assert value("time_of(x, 'MDY')", cell) == month_first


# Two-digit years are of this century; Python takes 69 and later for the last one.
@given(
    st.datetimes(datetime(2004, 1, 1), datetime(2068, 12, 31)).map(lambda moment: moment.replace(microsecond=0)),  # noqa: DTZ001 - as NO_TIME
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%d.%m.%Y, %H:%M:%S", "%d-%m-%y %H:%M:%S", "%d/%m/%Y %I:%M:%S %p"]),
)
def test_ordered_time_equals_pythons_parse(moment: datetime, written: str) -> None:
    cell = moment.strftime(written)
    assert value("time_of(x, 'DMY')", cell) == datetime.strptime(cell, written)  # noqa: DTZ007 - as NO_TIME
    month_first = written.replace("%d", "%%").replace("%m", "%d").replace("%%", "%m")
    assert value("time_of(x, 'MDY')", moment.strftime(month_first)) == datetime.strptime(cell, written)  # noqa: DTZ007


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("Mon, 02 Jan 2023 15:04:05 +0200", utc(2023, 1, 2, 13, 4, 5)), ("2 Jan 2023 15:04 GMT", utc(2023, 1, 2, 15, 4)),
        ("Wed Oct 10 20:19:24 +0000 2018", utc(2018, 10, 10, 20, 19, 24)),
        ("Wed Oct 10 20:19:24 -0730 2018", utc(2018, 10, 11, 3, 49, 24)),
        ("Mon, 02 Foo 2023 15:04:05 +0200", NO_TIME), ("Mon, 02 Jan 2023", NO_TIME), ("02 Jan 2023 15:04:05", NO_TIME),
        ("Mon, 32 Jan 2023 15:04:05 GMT", NO_TIME), ("Mon, 02 Jan 2023 15:04:05 EST", NO_TIME), ("May be", NO_TIME),
    ],
)  # fmt: skip
def test_rfc_2822_time_carries_its_offset(cell: str, expected: datetime) -> None:
    assert value("time_of(x)", cell) == expected


@pytest.mark.parametrize(
    "expression, cell, expected",
    [
        ("count_of(x, 'millions')", "475.8", 475_800_000), ("count_of(x, 'thousands')", "12", 12_000),
        ("count_of(x, 'millions')", "475.8m", UNREADABLE), ("count_of(x, 'millions')", "0.0000001", UNREADABLE),
        ("count_of(x, 'millions')", "n/a", None), ("count_of(x, 'millions')", "x", UNREADABLE),
        ("count_of(x, ',', '.')", "1.234.567", 1_234_567), ("count_of(x, ',', '.')", "1,234,567", UNREADABLE),
        ("count_of(x, 'thousands', ',', '')", "12,5", 12_500), ("number_of(x, 'billions')", "1.5", 1.5e9),
        ("number_of(x, ',', ' ')", "1 234,5", 1_234.5), ("likes_of(x, ',', '.')", "1.234", 1_234),
        ("ratio_of(x, 'percent', ',', '')", "1,3%", pytest.approx(0.013)), ("ratio_of(x, 'percent', ',', '')", "1.3%", UNREADABLE),
        ("epoch_of(x, 'milliseconds')", "1700000000000", utc(2023, 11, 14, 22, 13, 20)),
        ("epoch_of(x, 'seconds')", "1700000000000", NO_TIME), ("epoch_of(x, 'microseconds')", "x", NO_TIME),
        ("sum_of(count_of(x), 1)", "2", 3), ("sum_of(count_of(x), 1)", "-", 1), ("sum_of(count_of(x), NULL)", "-", None),
        ("average_of(count_of(x), 4)", "10", 2.5), ("average_of(10, count_of(x))", "0", None),
        ("average_of(count_of(x), count_of(x))", "x", UNREADABLE),
        ("platform_of(x)", "Twitter", "x"), ("platform_of(x)", " TikTok ", "tiktok"), ("platform_of(x)", "X (Twitter)", "x"),
        ("platform_of(x)", "MySpace", "myspace"), ("platform_of(x)", "", None),
    ],
)  # fmt: skip
def test_column_may_declare_its_own_unit_and_separators(expression: str, cell: str, expected: object) -> None:
    assert value(expression, cell) == expected


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("@Name", "name"), ("\nname", "name"), ("  Name\t", "name"), ("@@x", "x"), ("@ x", "x"), ("a0", "a0"),
        ("100", "100"), ("a.b_c", "a.b_c"), ("ÉLISE", "élise"), ("\u00a0Name\u00a0", "name"), ("@", None), ("", None),
        ("https://www.instagram.com/Name/", "name"), ("HTTPS://WWW.INSTAGRAM.COM/NAME?hl=de", "name"),
        ("www.tiktok.com/@Name", "name"), ("http://youtube.com/c/Name", "name"), ("youtube.com/@A.b#x", "a.b"),
        ("https://www.linkedin.com/in/Some-One/", "some-one"), ("https://www.snapchat.com/add/name", "name"),
        ("https://www.threads.net/@name", "name"), ("https://x.com/A_b", "a_b"), ("https://fb.me/name", "name"),
        # A URL that does not name its account is not a handle: all of them would be one account.
        ("https://www.instagram.com/", None), ("https://instagram.com", None),
        ("https://www.facebook.com/profile.php?id=12", None),
        ("https://www.facebook.com/people/Kiln-Days/61551443747464/", "61551443747464"),
        ("https://www.facebook.com/share/1FKYJD8U1b/", None),
        ("https://www.instagram.com/p/DAbc1/", None),
        ("https://www.youtube.com/watch?v=aBcD_1234xy", None),
        ("https://www.instagram.com/share", "share"),
    ],
)  # fmt: skip
def test_handle_is_lower_case_without_decoration(cell: str, expected: str | None) -> None:
    assert value("handle_of(x)", cell) == expected


@pytest.mark.parametrize(
    "cell, expected",
    [("100", "100"), ("a0", "a0"), ("00", "00"), ("\u00a0 x\n", "x"), (" ", None), ("-", "-"), ("é", "é")],
)
def test_text_is_only_stripped(cell: str, expected: str | None) -> None:
    assert value("text_of(x)", cell) == expected


def test_flag_is_parsed_from_yes_and_no_words() -> None:
    words: list[str | None] = ["true", "T", " Yes ", "1", "false", "no", "F", "0", "perhaps", "", None]
    assert values("flag_of(x)", words) == [True] * 4 + [False] * 4 + [None] * 3


@pytest.mark.parametrize(
    "cell, expected",
    [
        ('["a","b"]', "a b"), ("[1, null]", "1"), ("[]", None), ("", None), (None, None), ("foo bar", "foo bar"),
        ("[a, b]", "[a, b]"), ('["cut', '["cut'),
    ],
)  # fmt: skip
def test_list_is_joined_and_text_is_kept(cell: str | None, expected: str | None) -> None:
    assert value("list_of(x)", cell) == expected


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=50))
def test_every_integer_round_trips(numbers: list[int]) -> None:
    assert values("count_of(x)", [str(number) for number in numbers]) == numbers


@given(
    st.datetimes(datetime(2004, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001 - as NO_TIME
    st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M%z"]),
    st.booleans(),
)
def test_time_with_offset_equals_pythons_parse(
    moment: datetime,
    zone: timezone,
    written: str,
    colon: bool,  # noqa: FBT001 - drawn
) -> None:
    cell = moment.replace(tzinfo=zone).strftime(written)
    expected = datetime.strptime(cell, written).astimezone(UTC).replace(tzinfo=None)
    assert value("time_of(x)", f"{cell[:-2]}:{cell[-2:]}" if colon else cell) == expected


def _read(cell: str, decimal: str, thousands: str) -> Decimal | None:
    """Parses with Python: a plain number with these separators, and K, M or B after it."""
    text = cell.strip()
    factor = {"k": 10**3, "m": 10**6, "b": 10**9}.get(text[-1:].lower(), 1)
    text = text[:-1].rstrip() if factor > 1 else text
    text = re.sub("[\u00a0\u202f\u2009]", " ", text).replace("’", "'")
    if thousands and thousands in text:
        if not re.match(rf"[+-]?[1-9]\d{{0,2}}({re.escape(thousands)}\d{{3}})+(?!\d)", text):
            return None
        whole, mark, rest = text.partition(decimal)
        text = whole.replace(thousands, "") + mark + rest
    try:
        return Decimal(text.replace(decimal, "." if "." not in text or decimal == "." else "?")) * factor
    except InvalidOperation:
        return None


@given(
    st.lists(
        st.text("0123456789" * 3 + ".,' \u00a0kKmMbB+-eE_x%nai") | st.from_regex(r"-?\d{1,3}([., ']\d{3})*([.,]\d+)?[kMb]?")
        | st.text(),
        min_size=1, max_size=40,
    ),
    st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
)  # fmt: skip
def test_text_is_never_parsed_as_a_different_number(cells: list[str], marks: tuple[str, str]) -> None:
    cells = [cell.replace("\x00", "") for cell in cells]
    for cell, found in zip(cells, values("count_of(x)", [*cells], marks), strict=True):
        if found is None:
            assert cell.strip().lower().rstrip("'") in {blank.strip().lower().rstrip("'") for blank in BLANKS} | {
                "–",
                "--",
                "na",
                "nd",
                "null",
                "#n/a",
                "n.a.",
            }
        elif found != UNREADABLE:
            said = _read(cell, *marks)
            assert said is not None, cell
            assert abs(Decimal(str(found)) - said) <= Decimal("2e-6"), cell
