"""Erased records in every format, with everyone else's records and numbers unchanged."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from assets.erasing import landed
from assets.erasing.landed import Wanted
from assets.landing import store
from assets.landing.store import Manifest
from pipelines.forget.person import Person
from tests.factories.small_exports import DAY, Exports, csv_bytes, ndjson_bytes

ANNA = Person("instagram", frozenset({"1002"}), frozenset({"anna", "änna"}))
# The second is a prefix of others' names, and the others mention it.
ACCOUNTS: list[dict[str, Any]] = [
    {"platform": "instagram", "profile_id": "1001", "handle": "bob", "followers": 5000, "biography": "friend of @anna"},
    {
        "platform": "instagram",
        "profile_id": "1002",
        "handle": "anna",
        "followers": 6000,
        "biography": 'two\nlines, "q"',
    },
    {"platform": "instagram", "profile_id": "10021", "handle": "anna.b", "followers": 7000, "biography": "x"},
    {"platform": "tiktok", "profile_id": "9", "handle": "anna", "followers": 8000, "biography": "same name elsewhere"},
    {"platform": "instagram", "profile_id": None, "handle": "änna", "followers": 9000, "biography": "no id"},
]
POSTS = [
    {"platform": "instagram", "profile_id": each["profile_id"], "handle": each["handle"], "post_id": f"p{number}",
     "posted_at": "2026-10-20T10:00:00Z", "likes": 5, "caption": "with @anna"}
    for number, each in enumerate(ACCOUNTS)
]  # fmt: skip
NAMES = list(ACCOUNTS[0])


def spreadsheet(rows: list[dict[str, Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(NAMES)  # type: ignore[union-attr]
    for row in rows:
        book.active.append([row[name] for name in NAMES])  # type: ignore[union-attr]
    other = book.create_sheet("Notes")
    other.append(["anna", "called on Monday"])
    other.append(["bob", "called on Tuesday"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(rows)
    schema = pa.schema([field.with_nullable(field.name != "followers") for field in table.schema])
    file = io.BytesIO()
    pq.write_table(table.cast(schema), file, row_group_size=2)
    return file.getvalue()


def archive(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(f"deep/{name}", content)
        packed.writestr("README.txt", "ask @anna")
        packed.writestr("LICENSE", "as is")
    return file.getvalue()


def csv_of(rows: list[dict[str, Any]], **marks: str) -> bytes:
    return csv_bytes([NAMES, *([row[name] for name in NAMES] for row in rows)], **marks)


CSV = csv_of(ACCOUNTS)
FORMATS: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "csv": ("a.csv", CSV, {}),
    "crlf": ("a.csv", csv_of(ACCOUNTS, newline="\r\n"), {}),
    "semicolons": ("a.csv", csv_of(ACCOUNTS, delimiter=";"), {"delimiter": ";"}),
    "tabs": ("a.tsv", csv_of(ACCOUNTS, delimiter="\t"), {"delimiter": "\t"}),
    "mark": ("a.csv", b"\xef\xbb\xbf" + CSV, {}),
    "utf-16": ("a.csv", CSV.decode().encode("utf-16"), {}),
    "utf-16-be": ("a.csv", b"\xfe\xff" + CSV.decode().encode("utf-16-be"), {}),
    "cp1252": ("a.csv", CSV.decode().encode("cp1252"), {"encoding": "cp1252"}),
    "titled": ("a.csv", b"Export of today\n\n" + CSV, {"header_line": 3}),
    "gzip": ("a.csv.gz", gzip.compress(CSV), {}),
    "zstd": ("a.ndjson.zst", pa.compress(ndjson_bytes(ACCOUNTS), codec="zstd", asbytes=True), {}),
    "ndjson": ("a.ndjson", ndjson_bytes(ACCOUNTS), {}),
    "array": ("a.json", json.dumps(ACCOUNTS, indent=1).encode(), {}),
    "one behind the other": ("a.json", b"\n".join(json.dumps(each, indent=1).encode() for each in ACCOUNTS), {}),
    "spreadsheet": ("a.xlsx", spreadsheet(ACCOUNTS), {}),
    "parquet": ("a.parquet", parquet(ACCOUNTS), {}),
    "zip": ("a.zip", archive("a.csv", CSV), {}),
    "zip of gzip": ("a.zip", archive("a.json.gz", gzip.compress(json.dumps(ACCOUNTS).encode())), {}),
}


def erased(exports: Exports, person: Person) -> Manifest:
    """Erases the records of a person in the landed files of the only source."""
    (source,) = exports.sources().sources
    manifest = store.newest_complete(exports.settings.landing, source.name, DAY)
    assert manifest
    folder = landed.aside(exports.settings, manifest)
    files = landed.emptied(
        exports.settings, source, exports.sources().shape(source), manifest.files,
        Wanted(lambda rows: person.mask(rows, DAY), person.is_named_in), folder,
    )  # fmt: skip
    assert files
    return landed.replace_files(exports.settings, manifest, files, folder)


def seen(exports: Exports) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Returns accepted profiles with their numbers, and the account of every record."""
    told = exports.run()
    return (
        told.accounts("landed_row", "platform", "profile_id", "handle", "followers", "biography"),
        told.told("landed", "accepted", "quarantined", "deduplicated", "erased"),
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_erased_record_becomes_a_tombstone_and_others_are_kept(tmp_path: Path, kind: str) -> None:
    file, content, marks = FORMATS[kind]
    exports = Exports(tmp_path).source("a", file, shape="own", platform="platform")
    exports.shape("own", profiles={"columns": NAMES}, **marks)
    exports.write(file, content)
    before, account = seen(exports)
    assert account == [(5, 5, 0, 0, 0)]
    manifest = erased(exports, ANNA)
    after, account = seen(exports)
    assert after == [row for row in before if row[0] not in (2, 5)]
    assert account == [(5, 3, 0, 0, 2)]
    (landed_file,) = manifest.files
    assert [(stone.records, stone.row) for stone in landed_file.tombstones] == [("profiles", 2), ("profiles", 5)]
    path = exports.settings.landing / landed_file.path
    if "gz" not in kind and "z" not in path.suffix:
        assert b'"q"' not in path.read_bytes()
    # Again: nothing is found, and the bytes stay equal.
    again = Exports(tmp_path / "again").source("a", file, shape="own", platform="platform")
    again.shape("own", profiles={"columns": NAMES}, **marks)
    again.write(file, content)
    again.land()
    assert erased(again, ANNA).content == manifest.content


def test_other_sheets_and_archive_notes_are_redacted(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "a.xlsx", platform="platform")
    exports.write("a.xlsx", spreadsheet(ACCOUNTS))
    exports.land()
    (file,) = erased(exports, ANNA).files
    book = openpyxl.load_workbook(exports.settings.landing / file.path)
    assert [[cell.value for cell in row[:2]] for row in book["Notes"].rows] == [
        [None, None], ["bob", "called on Tuesday"]
    ]  # fmt: skip
    exports = Exports(tmp_path / "zip").source("a", "a.zip", platform="platform")
    exports.write("a.zip", archive("a.csv", CSV))
    exports.land()
    (file,) = erased(exports, ANNA).files
    with zipfile.ZipFile(exports.settings.landing / file.path) as packed:
        assert packed.namelist() == ["deep/a.csv", "LICENSE"]


def test_separate_posts_are_erased_by_id_and_handle(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "a.ndjson", posts_url="p.ndjson", platform="platform")
    exports.write("a.ndjson", ndjson_bytes(ACCOUNTS))
    exports.write("p.ndjson", ndjson_bytes(POSTS))
    exports.land()
    erased(exports, ANNA)
    told = exports.run()
    assert sorted((post["landed_row"], post["caption"]) for post in told.posts) == [
        (1, "with @anna"), (3, "with @anna"), (4, "with @anna")
    ]  # fmt: skip
    assert told.told("records", "landed", "accepted", "erased") == [("profiles", 5, 3, 2), ("posts", 5, 3, 2)]


def page(name: str, *owners: str) -> dict[str, Any]:
    """Builds a profile with nested posts, as in a scraping service's export."""
    posts = [
        {"id": f"{name}-{number}", "owner": owner, "posted": "2026-10-20T10:00:00Z", "likes": 5 + number}
        for number, owner in enumerate(owners)
    ]
    return {"user": {"name": name, "fans": 5000}, "posts": posts}


@pytest.mark.parametrize("within", [None, "data.items", "data.*"])
@pytest.mark.parametrize("file", ["a.json", "a.ndjson"])
def test_nested_posts_are_erased_with_their_profile_or_alone(tmp_path: Path, within: str | None, file: str) -> None:
    records = [page("bob", "bob", "anna", "bob"), page("anna", "anna", "anna"), page("carl", "carl")]
    wrapped: dict[str | None, Any] = {
        None: records,
        "data.items": [{"data": {"items": records}}, {"data": {"items": []}}, {"data": {"items": [page("anna")]}}],
        "data.*": [{"data": {record["user"]["name"]: record for record in records}}, {"data": {"dora": page("dora")}}],
    }
    documents = wrapped[within]
    is_lines = file == "a.ndjson"
    exports = Exports(tmp_path).source("a", file, shape="own")
    exports.shape(
        "own", platform="instagram", format="ndjson" if is_lines else "json",
        profiles={"columns": ["user.name", "user.fans"], "optional": ["posts"], "records": within,
                  "select": {"handle": 'handle_of("user.name")', "followers": 'count_of("user.fans")'}},
        posts={"columns": ["id", "posted", "likes"], "optional": ["owner"], "nested": "posts",
               "select": {"post_id": "id", "handle": 'handle_of(coalesce(owner, profile."user.name"))',
                          "posted_at": "time_of(posted)", "likes": "count_of(likes)"}},
    )  # fmt: skip
    content = ndjson_bytes(documents) if is_lines else json.dumps(documents, indent=1).encode()
    exports.write(file, content)
    before = exports.run()
    person = Person("instagram", frozenset(), frozenset({"anna"}))
    manifest = erased(exports, person)
    after = exports.run()
    assert b"anna" not in (exports.settings.landing / manifest.files[0].path).read_bytes()

    def others(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row[name] for name in names) for row in rows if row["handle"] != "anna")

    assert others(after.profiles, "landed_row", "handle") == others(before.profiles, "landed_row", "handle")
    assert others(after.posts, "landed_row", "post_id") == others(before.posts, "landed_row", "post_id")
    assert not [row for row in after.profiles + after.posts if row["handle"] == "anna"]
    landed_before = {row["records"]: row["landed"] for row in before.report}
    assert {row["records"]: row["landed"] for row in after.report} == landed_before
    anna = sum(1 for row in before.profiles if row["handle"] == "anna")
    assert [row["erased"] for row in after.report if row["records"] == "profiles"] >= [anna]
    assert [row["erased"] for row in after.report if row["records"] == "posts"] == [3]


def test_erasure_keeps_record_counts_of_profiles_and_posts(tmp_path: Path) -> None:
    documents = [{"user": {"name": name}, "fans": 5000, "media": [{"id": f"{name}{n}", "name": name} for n in (1, 2)]}
                 for name in ("bob", "anna", "carl")]  # fmt: skip
    exports = Exports(tmp_path).source("a", "a.json", shape="own")
    exports.shape(
        "own", platform="instagram", format="json",
        profiles={"columns": ["user.name", "fans"],
                  "select": {"handle": 'handle_of("user.name")', "followers": "count_of(fans)"}},
        posts={"columns": ["id", "name"], "records": "media", "in_profiles_file": True,
               "select": {"post_id": "id", "handle": "handle_of(name)", "posted_at": "TIMESTAMP '2026-10-01'"}},
    )  # fmt: skip
    exports.write("a.json", json.dumps(documents).encode())
    exports.land()
    erased(exports, Person("instagram", frozenset(), frozenset({"anna"})))
    told = exports.run()
    assert told.told("records", "landed", "accepted", "erased") == [("profiles", 3, 2, 1), ("posts", 6, 4, 2)]
    assert sorted((post["landed_row"], post["handle"]) for post in told.posts) == [
        (1, "bob"), (2, "bob"), (5, "carl"), (6, "carl")
    ]  # fmt: skip


def test_unreadable_records_that_name_the_person_are_erased(tmp_path: Path) -> None:
    rows = 'handle,followers,biography\nbob,5000,x\nanna,6000\ncarl,7000,y\nanna.b,1\n"anna,2,z\n@anna,three,y\n'
    exports = Exports(tmp_path).source("a", "a.csv", platform="instagram", max_quarantine_share=1)
    exports.write("a.csv", rows.encode())
    assert exports.run().told("landed", "accepted", "quarantined", "erased") == [(6, 2, 4, 0)]
    erased(exports, Person("instagram", frozenset(), frozenset({"anna"})))
    told = exports.run()
    assert told.told("landed", "accepted", "quarantined", "erased") == [(6, 2, 1, 3)]
    assert told.bad("landed_row", "raw") == [(4, "anna.b,1")]


def test_file_named_after_the_person_is_renamed(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "in/*.csv", platform="instagram")
    exports.write("in/anna.csv", b"handle,followers\nanna,5000\n")
    exports.write("in/bob.csv", b"handle,followers\nbob,5000\n")
    exports.land()
    manifest = erased(exports, Person("instagram", frozenset(), frozenset({"anna"})))
    assert [Path(file.path).name for file in manifest.files] == ["forgotten.csv", "bob.csv"]
    assert "anna" not in str(manifest.files)


def test_bare_carriage_return_splits_records_in_import_and_erasure_alike(tmp_path: Path) -> None:
    rows = b"handle,followers,biography\nanna,5000,x\ry\nanna,5001,\nbob,5002,z\n"
    exports = Exports(tmp_path).source("a", "a.csv", platform="instagram", max_quarantine_share=1)
    exports.write("a.csv", rows)
    assert exports.run().told("landed", "accepted", "quarantined", "erased") == [(4, 2, 1, 0)]
    erased(exports, Person("instagram", frozenset(), frozenset({"anna"})))
    told = exports.run()
    assert told.told("landed", "accepted", "quarantined", "erased") == [(4, 1, 1, 2)]
    assert told.accounts("landed_row", "handle", "followers", "biography") == [(4, "bob", 5002, "z")]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
Writer = tuple[str, Callable[[list[dict[str, Any]]], bytes]]
WRITERS: list[Writer] = [
    ("a.csv", lambda rows: csv_bytes([["handle", "followers", "biography"], *([*row.values()] for row in rows)])),
    ("a.ndjson", ndjson_bytes),
    ("a.json", lambda rows: json.dumps(rows, ensure_ascii=False).encode()),
]


@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["anna", "bob", "Anna ", "@anna", "anna_"]), CELLS), min_size=1, max_size=8
    ),
    writer=st.sampled_from(WRITERS),
)
@example([("anna", "half a\rline's end"), ("anna", "")], WRITERS[0])
def test_other_records_are_kept_for_any_content(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], writer: Writer
) -> None:
    file, write = writer
    exports = Exports(tmp_path_factory.mktemp("any")).source("a", file, platform="instagram", max_quarantine_share=1)
    exports.write(file, write([{"handle": h, "followers": 5000 + n, "biography": b} for n, (h, b) in enumerate(rows)]))
    exports.sources()
    (manifest,) = exports.land().values()
    theirs = [n for n, (handle, _) in enumerate(rows, start=1) if handle.lower().strip(" @") == "anna"]
    if manifest.state != "complete" or not theirs:
        return
    anna = Person("instagram", frozenset(), frozenset({"anna"}))
    before = exports.land()["a"].files[0].path
    others = [part for n, part in enumerate(_parts(exports, before)) if n + 1 not in theirs]
    now = erased(exports, anna)
    assert {stone.row for stone in now.files[0].tombstones} == set(theirs)
    assert [part for n, part in enumerate(_parts(exports, now.files[0].path)) if n + 1 not in theirs] == others


def _parts(exports: Exports, path: str) -> list[Any]:
    """Returns the records of a file, read independently of the project."""
    content = (exports.settings.landing / path).read_bytes().decode()
    if path.endswith(".csv"):
        return list(csv.reader(io.StringIO(content, newline="")))[1:]
    return list(json.loads(content)) if path.endswith(".json") else [json.loads(x) for x in content.split("\n") if x]
