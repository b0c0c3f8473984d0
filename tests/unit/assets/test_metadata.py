"""The content of asset pages: previews, and messages of checks."""

import polars as pl

from assets.metadata import listed, preview
from schemas.column import limit


def test_preview_cell_stays_one_cell_for_any_text() -> None:
    frame = pl.DataFrame({"raw": ["a|b\nc\t<img src=x>", None], "ratio": [0.123456, None], "followers": [1_234_567, 0]})
    lines = str(preview(frame).value).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "| raw | ratio | followers |",
        lines[1],
        "| a\\|b c &lt;img src=x> | 0.1235 | 1234567 |",
        "| | | 0 |",
    ]


def test_several_sentences_are_formatted_as_a_list() -> None:
    assert listed(["one"], 2) == "one"
    assert listed(["one", "two", "three"], 2) == "- one\n- two\n- and 1 more"


def test_limits_are_formatted_for_people() -> None:
    values = (0, 1.0, 0.25, 2100, 1e9, "10000000000000", "2004-01-01 00:00:00")
    assert [limit(value) for value in values] == [
        "0", "1", "0.25", "2100", "1,000,000,000", "10,000,000,000,000", "2004-01-01 00:00:00",
    ]  # fmt: skip
