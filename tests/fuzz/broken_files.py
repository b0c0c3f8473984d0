"""Synthetic files of the families in public corpora of broken files: strings, CSV, JSON, spreadsheets, Parquet.

Belongs here: the bytes, named by their defect. Does not: the invariant (`whole_path`).
"""

import io
import json
from collections.abc import Iterator

import openpyxl
import polars as pl

_GOOD = [("anna", "1200"), ("ben", "3400")]
STRINGS = [
    "", " ", "\t", "undefined", "null", "NULL", "None", "nil", "true", "NaN", "Infinity", "-Infinity", "1E+500", "-1",
    "0x10", "1/0", "1,000.00", "1'000", "1.000,00", "99999999999999999999999999999", "1e999", "٣٤٥", "१२३", "½",
    "'", '"', "''", '""', "'\"'", "`", "\\", "\\\\", "\\n", "\\u0000", "%s%n", "{0}", "${HOME}", "$(id)", "`id`", "{date}",
    "../../etc/passwd", "C:\\CON", "file:///etc/passwd", "CON", "LPT1", "<script>alert(1)</script>", "<!--", "]]>",
    "'; DROP TABLE profiles; --", "1 OR 1=1", "=1+1", "+1", "@SUM(1)", "-2+3", "\u202etxt", "\ufeff", "\u200b", "\u00ad",
    "\u0301\u0301\u0301", "ﷺ", "Ⱥ", "İ", "ß", "ǅ", "👩‍👩‍👧", "🏳️‍🌈", "\U0010ffff", "田中さん", "사회", "ʇǝɯ", "Z̮̞̠͙", "x" * 5000,
    "\x01\x02\x07\x08\x0b\x0c\x1b[31m", "\x7f\x80\x9f", "a\rb", "a\nb", "a\r\nb", "a\u2028b\u2029c", "\u0085", "#N/A", "#",
]  # fmt: skip


def files() -> Iterator[tuple[str, bytes]]:
    """Returns the files by name."""
    yield from _strings()
    for name, content in _CSV.items():
        yield f"{name}.csv", content
    yield from _json()
    yield from _binary()


def _strings() -> Iterator[tuple[str, bytes]]:
    people = [{"handle": f"h{n}", "followers": text} for n, text in enumerate(STRINGS)]
    people += [{"handle": text, "followers": "5"} for text in STRINGS]
    yield "strings.json", json.dumps(people).encode()
    yield "strings.ndjson", "".join(json.dumps(person, ensure_ascii=False) + "\n" for person in people).encode()
    quoted = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in person.values()) for person in people)
    yield "strings_quoted.csv", f"handle,followers\n{quoted}\n".encode()
    yield "strings_bare.csv", ("handle,followers\n" + "".join(f"{text},5\n" for text in STRINGS)).encode()
    yield (
        "strings_as_header.csv",
        (",".join(f'"{text}"' for text in STRINGS[:30] if '"' not in text) + "\n1,2\n").encode(),
    )
    keys = dict.fromkeys(STRINGS, "1") | {"handle": "a", "followers": "5"}
    yield "strings_as_keys.json", json.dumps([keys]).encode()
    yield "strings_as_keys.ndjson", json.dumps(keys).encode() + b"\n"


_GOOD_CSV = "".join(f"{handle},{followers}\n" for handle, followers in _GOOD).encode()
_HEAD = b"handle,followers\n"
_CSV = {
    "clean": _HEAD + _GOOD_CSV,
    "crlf": (_HEAD + _GOOD_CSV).replace(b"\n", b"\r\n"),
    "cr_only": (_HEAD + _GOOD_CSV).replace(b"\n", b"\r"),
    "mixed_line_ends": _HEAD + b"a,1\r\nb,2\nc,3\r\n",
    "empty": b"",
    "blanks_alone": b"\n\n  \n",
    "header_alone": _HEAD,
    "header_without_line_end": _HEAD.rstrip(),
    "no_line_end_at_the_end": (_HEAD + _GOOD_CSV).rstrip(),
    "byte_order_mark": b"\xef\xbb\xbf" + _HEAD + _GOOD_CSV,
    "byte_order_mark_twice": b"\xef\xbb\xbf\xef\xbb\xbf" + _HEAD + _GOOD_CSV,
    "utf_16": (_HEAD + _GOOD_CSV).decode().encode("utf-16"),
    "utf_16_without_mark": (_HEAD + _GOOD_CSV).decode().encode("utf-16-le"),
    "utf_16_cut": (_HEAD + _GOOD_CSV).decode().encode("utf-16")[:-1],
    "utf_32": (_HEAD + _GOOD_CSV).decode().encode("utf-32"),
    "latin": _HEAD + "jürgen,5\n".encode("latin-1") * 3,
    "not_utf_8": _HEAD + b"\xff\xfe\xfd,5\n" + _GOOD_CSV,
    "nul": _HEAD + b"a\x00b,5\n" + _GOOD_CSV,
    "nul_alone": b"\x00" * 1000,
    "quoted_comma": _HEAD + b'"a,b",5\n' + _GOOD_CSV,
    "quoted_line_feed": _HEAD + b'"a\nb",5\n' + _GOOD_CSV,
    "quoted_quote": _HEAD + b'"a""b",5\n' + _GOOD_CSV,
    "quoted_empty": _HEAD + b'"",""\n' + _GOOD_CSV,
    "quote_within": _HEAD + b'a"b,5\n' + _GOOD_CSV,
    "quote_behind": _HEAD + b'"a"b,5\n' + _GOOD_CSV,
    "quote_never_closed": _HEAD + b'"a,5\n' + _GOOD_CSV,
    "quote_opened_at_the_end": _HEAD + _GOOD_CSV + b'"a',
    "quotes_that_pair_wrongly": _HEAD + b'a","b\n' * 3000,
    "quote_alone_on_each_line": _HEAD + b'"\n' * 20_000,
    "escaped_by_backslash": _HEAD + b'"a\\"b",5\n' + _GOOD_CSV,
    "too_few_cells": _HEAD + b"a\n" + _GOOD_CSV,
    "too_many_cells": _HEAD + b"a,1,2,3\n" + _GOOD_CSV,
    "commas_alone": _HEAD + b",\n" * 50,
    "surplus_empty_cells": _HEAD + b"a,1,,,\n" + _GOOD_CSV,
    "same_names": b"handle,handle,followers,followers\na,b,1,2\n",
    "names_that_differ_in_case": b"handle,HANDLE,followers\na,b,1\n",
    "names_of_blanks": b"handle,followers,,,\na,1,,,\n",
    "names_of_many_lines": b'"handle\n\n",followers\na,1\n',
    "names_by_the_thousand": b"handle,followers" + b",x" * 3000 + b"\n" + b"a,1" + b"," * 3000 + b"\n",
    "names_by_the_many_thousands": b"," * 200_000 + b"\n",
    "semicolons": (_HEAD + _GOOD_CSV).replace(b",", b";"),
    "tabs": (_HEAD + _GOOD_CSV).replace(b",", b"\t"),
    "sep_line": b"sep=,\n" + _HEAD + _GOOD_CSV,
    "long_field": _HEAD + b"a," + b"9" * 3_000_000 + b"\n" + _GOOD_CSV,
    "long_line_of_quotes": _HEAD + b'"' * 300_000 + b"\n" + _GOOD_CSV,
    "web_page": b"<!DOCTYPE html><html><body>log in</body></html>",
    "json_as_csv": b'{"handle": "a", "followers": 5}\n',
    "cut_gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "cut_zstd": b"\x28\xb5\x2f\xfd\x00",
    "cut_zip": b"PK\x03\x04\x14\x00",
    "only_a_separator": b",",
    "only_a_quote": b'"',
    "only_a_byte_order_mark": b"\xef\xbb\xbf",
}


JSON = {
    # Valid JSON, however unusual.
    "y_array_of_records": '[{"handle": "a", "followers": 5}]',
    "y_empty_array": "[]",
    "y_empty_object": "{}",
    "y_array_of_empties": '[{}, [], null, 1, true, "a"]',
    "y_nested_arrays": "[[[[{}]]]]",
    "y_same_key_twice": '[{"handle": "a", "handle": "b", "followers": 1, "followers": 2}]',
    "y_empty_key": '[{"": 1, "handle": "a", "followers": 5}]',
    "y_escaped": '[{"handle": "\\u0061\\n\\t\\\\\\"\\/", "followers": 5}]',
    "y_nul_escaped": '[{"handle": "a\\u0000b", "followers": 5}]',
    "y_pair_of_surrogates": '[{"handle": "\\ud83d\\ude00", "followers": 5}]',
    "y_blanks_around": ' \n\t[ {"handle" : "a" , "followers" : 5 } ] \r\n ',
    "y_scalar": "5",
    "y_text": '"a"',
    "y_null": "null",
    "y_minus_zero": '[{"handle": "a", "followers": -0}]',
    "y_exponent": '[{"handle": "a", "followers": 1.2e3}]',
    # May be accepted or rejected.
    "i_lone_surrogate": '[{"handle": "\\ud800", "followers": 5}]',
    "i_surrogates_swapped": '[{"handle": "\\ude00\\ud83d", "followers": 5}]',
    "i_huge_exponent": '[{"handle": "a", "followers": 1e999999}]',
    "i_huge_number": '[{"handle": "a", "followers": ' + "9" * 10_000 + "}]",
    "i_deep": '[{"handle": ' + "[" * 500 + "]" * 500 + ', "followers": 5}]',
    "i_byte_order_mark": '\ufeff[{"handle": "a", "followers": 5}]',
    # Invalid JSON.
    "n_trailing_comma": '[{"handle": "a", "followers": 5},]',
    "n_trailing_comma_within": '[{"handle": "a", "followers": 5,}]',
    "n_two_commas": '[{"handle": "a"},,{"handle": "b"}]',
    "n_no_comma": '[{"handle": "a"} {"handle": "b"}]',
    "n_no_colon": '[{"handle" "a"}]',
    "n_single_quotes": "[{'handle': 'a'}]",
    "n_bare_key": '[{handle: "a"}]',
    "n_unclosed_array": '[{"handle": "a", "followers": 5}',
    "n_unclosed_object": '[{"handle": "a", "followers": 5',
    "n_unclosed_text": '[{"handle": "a',
    "n_closed_twice": '[{"handle": "a", "followers": 5}]]',
    "n_text_behind": '[{"handle": "a", "followers": 5}] behind',
    "n_comment": '[{"handle": "a", /* 5 */ "followers": 5}]',
    "n_nan": '[{"handle": "a", "followers": NaN}]',
    "n_leading_zero": '[{"handle": "a", "followers": 012}]',
    "n_plus": '[{"handle": "a", "followers": +5}]',
    "n_point_alone": '[{"handle": "a", "followers": 5.}]',
    "n_hex": '[{"handle": "a", "followers": 0x10}]',
    "n_bad_escape": '[{"handle": "\\x", "followers": 5}]',
    "n_line_feed_in_text": '[{"handle": "a\nb", "followers": 5}]',
    "n_control_in_text": '[{"handle": "a\x01b", "followers": 5}]',
    "n_capital_true": '[{"handle": True}]',
    "n_opening_arrays": "[" * 100_000,
    "n_opening_objects": '{"a":' * 100_000,
    "n_opening_both": '[{"":' * 50_000,
    "n_deep_and_closed": "[" * 50_000 + "]" * 50_000,
    "n_colons": ":" * 100,
    "n_star": "*",
    "n_angle": "<.>",
    "n_just_a_quote": '"',
    "n_nothing": "",
    "n_blank": " ",
}


def _json() -> Iterator[tuple[str, bytes]]:
    good = b'{"handle": "anna", "followers": 1200}\n'
    for name, text in JSON.items():
        content = text.encode("utf-8", "surrogatepass")
        yield f"{name}.json", content
        # The same among valid lines, as far as it is one line.
        if "\n" not in text:
            yield f"{name}.ndjson", good + content.removeprefix(b"[").removesuffix(b"]") + b"\n" + good
    yield "i_not_utf_8.json", b'[{"handle": "\xff\xfe", "followers": 5}]'
    yield "i_not_utf_8.ndjson", good + b'{"handle": "\xff\xfe", "followers": 5}\n'
    yield "i_overlong_utf_8.ndjson", good + b'{"handle": "\xc0\xaf", "followers": 5}\n'
    yield "i_utf_16.json", '[{"handle": "a", "followers": 5}]'.encode("utf-16")
    yield "n_nul.json", b'[{"handle": "a\x00b", "followers": 5}]'
    yield "n_nul.ndjson", good + b'{"handle": "a\x00b", "followers": 5}\n' + good
    yield "n_nul_behind.ndjson", good + b"\x00\n" + good
    yield "y_blank_lines.ndjson", b"\n\n" + good + b"\n  \n\r\n" + good + b"\n"
    yield "y_carriage_returns.ndjson", (good * 3).replace(b"\n", b"\r\n")
    yield "y_no_line_end.ndjson", (good * 3).rstrip()
    yield "i_two_records_on_a_line.ndjson", good.rstrip() * 2 + b"\n" + good
    yield "i_record_over_two_lines.ndjson", good + good.replace(b", ", b",\n") + good
    yield "y_many_keys.ndjson", json.dumps({"handle": "a", "followers": 5} | {f"k{n}": n for n in range(5000)}).encode()


def _spreadsheet(farthest: tuple[int, int] | None = None) -> bytes:
    """Builds a complete spreadsheet, with a cell in that row and column."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [("handle", "followers"), *_GOOD]:
        sheet.append(row)
    if farthest:
        sheet.cell(*farthest, value="x")
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


SPREADSHEET = _spreadsheet()


def _binary() -> Iterator[tuple[str, bytes]]:
    frame = pl.DataFrame(_GOOD * 50, schema=["handle", "followers"], orient="row")
    written = io.BytesIO()
    frame.write_parquet(written)
    parquet = written.getvalue()
    yield "clean.parquet", parquet
    yield "marks_alone.parquet", b"PAR1PAR1"
    yield "footer_too_long.parquet", parquet[:-8] + b"\xff\xff\xff\x7fPAR1"
    yield "footer_of_nothing.parquet", parquet[:-8] + b"\x00\x00\x00\x00PAR1"
    for place in range(4, len(parquet), max(1, len(parquet) // 24)):
        yield f"byte_{place}_turned.parquet", parquet[:place] + bytes([parquet[place] ^ 0xFF]) + parquet[place + 1 :]
    yield "clean.xlsx", SPREADSHEET
    yield "cell_in_the_last_place.xlsx", _spreadsheet((1_048_576, 16_384))
    yield "cell_in_the_last_row.xlsx", _spreadsheet((1_048_576, 2))
    for share in (0.2, 0.5, 0.9, 0.99):
        yield f"cut_at_{share:g}.xlsx", SPREADSHEET[: int(len(SPREADSHEET) * share)]
    for place in range(30, len(SPREADSHEET), max(1, len(SPREADSHEET) // 24)):
        yield (
            f"byte_{place}_turned.xlsx",
            SPREADSHEET[:place] + bytes([SPREADSHEET[place] ^ 0xFF]) + SPREADSHEET[place + 1 :],
        )
    yield "old_kind_cut.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
