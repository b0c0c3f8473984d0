"""Malformed files: no crash, no hang, and every record accounted for."""

import json

import pytest

from tests.fuzz import broken_files
from tests.fuzz.whole_path import MOST_SECONDS, outcome, records_of

FILES = dict(broken_files.files())
# One of each family of `make broken-files`, and every find.
FINDS = {
    "quotes_that_pair_wrongly.csv": "each quote swallowed 2,000 lines, and they were read again for each",
    "names_by_the_many_thousands.csv": "names were compared with each other, and planned for one by one",
    "n_opening_objects.json": "its last line was parsed to tell whether it is whole, and nested too deeply",
    "byte_436_turned.xlsx": "zlib has an error of its own",
    "byte_2263_turned.xlsx": "a part of a spreadsheet is read later than the spreadsheet is opened",
    "cell_in_the_last_place.xlsx": "the reader of spreadsheets asked for 500 GB, and ended the run with itself",
    "y_many_keys.ndjson": "each key was compared with each other",
    "strings_as_keys.json": "a key of thousands of letters was taken apart in the square of its length",
}
FAMILIES = [
    "strings.ndjson",
    "strings_bare.csv",
    "strings_quoted.csv",
    "utf_16_cut.csv",
    "nul.csv",
    "i_lone_surrogate.ndjson",
]


@pytest.mark.parametrize("shape", ["declared", "auto"])
@pytest.mark.parametrize("name", [*FINDS, *FAMILIES])
def test_every_record_of_a_broken_file_is_accounted_for(name: str, shape: str) -> None:
    found = outcome(name, FILES[name], shape)
    assert found.message or found.landed
    assert found.seconds < 2 * MOST_SECONDS, FINDS.get(name)


@pytest.mark.parametrize("odd", ['"text"', "7", "[1]", "null", "true", "{}"])
def test_invalid_element_does_not_affect_others(odd: str) -> None:
    good = '{"handle": "anna", "followers": 5}'
    found = outcome("a.json", f"[{good}, {odd},\n{good.replace('anna', 'ben')}]".encode())
    assert (found.state, found.landed, found.accepted, found.quarantined) == ("published", 3, 2, 1)


def test_unreadable_file_is_named_by_its_landed_path() -> None:
    found = outcome("a.json", b'[{"handle": "anna"}, {"handle" "ben"}]')
    assert found.state == "unreadable"
    assert "a.json" in found.message
    assert "/home/" not in found.message


def test_corpus_records_are_counted() -> None:
    assert records_of("a.csv", FILES["clean.csv"]) == 2
    assert records_of("a.csv", FILES["too_few_cells.csv"]) is None
    assert records_of("a.json", FILES["y_array_of_empties.json"]) == 6
    assert records_of("a.ndjson", FILES["y_blank_lines.ndjson"]) == 2
    # The invariant itself can fail.
    assert outcome("a.csv", FILES["clean.csv"]).landed == 2
    assert len(json.loads(FILES["strings.json"])) == outcome("a.json", FILES["strings.json"]).landed
