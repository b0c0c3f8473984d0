"""Inputs of the fuzzer: the name and shape that the bytes of each target are landed with, and its seeds.

Belongs here: targets as data. Does not: running one (`targets`), or all (`__main__`).
"""

import io
import zipfile

from tests.fuzz import broken_files

TARGETS = {
    "csv_reader": ("a.csv", "declared"),
    "json_reader": ("a.json", "declared"),
    "csv": ("a.csv", "declared"),
    "csv_auto": ("a.csv", "auto"),
    "json": ("a.json", "declared"),
    "json_auto": ("a.json", "auto"),
    "ndjson": ("a.ndjson", "declared"),
    "parquet": ("a.parquet", "declared"),
    "xlsx": ("a.xlsx", "declared"),
    # For an otherwise valid spreadsheet: bytes of the archive itself seldom pass its checksums.
    "sheet": ("a.xlsx", "declared"),
}
_SHEET = "xl/worksheets/sheet1.xml"
_LARGEST_SEED = 10_000


def content(target: str, data: bytes) -> bytes:
    """Returns the file that some bytes of a target represent."""
    if target != "sheet":
        return data
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(broken_files.SPREADSHEET)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name == _SHEET else old.read(name))
    return packed.getvalue()


def seeds(target: str) -> dict[str, bytes]:
    """Returns the synthetic files of the target's format."""
    if target == "sheet":
        with zipfile.ZipFile(io.BytesIO(broken_files.SPREADSHEET)) as book:
            return {"sheet": book.read(_SHEET)}
    if target == "json_reader":
        wrapped = (f'{{"a": [1, {{"b": "]"}}], "data": {text}, "c": "{{"}}' for text in broken_files.JSON.values())
        return {f"data-{number}": text.encode("utf-8", "surrogatepass") for number, text in enumerate(wrapped)}
    suffix = TARGETS[target][0].removeprefix("a")
    return {name: found for name, found in broken_files.files() if name.endswith(suffix) and len(found) < _LARGEST_SEED}
