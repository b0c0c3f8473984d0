"""Exports of shapes that nobody had seen: what passed for a figure that it is not, and what was refused for nothing."""

from pathlib import Path

from tests.inferred_exports import rows


def lines(header: str, *records: str) -> str:
    """A CSV of these lines."""
    return "\n".join([header, *records, ""])


def test_a_ratio_under_the_name_of_a_canonical_column_is_that_column_no_more(tmp_path: Path) -> None:
    text = lines("handle,followers,avg_engagement", "kiln_days,12300,0.0405", "oat_rider,54000,0.021", "loom,9800,0.038")
    first, *_ = rows(tmp_path, text)
    assert first["reported_engagement_ratio"] == 0.0405
    assert "avg_engagement" not in first
