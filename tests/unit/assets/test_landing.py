"""The landing folder: bytes are kept unchanged, once, and never overwritten."""

import gzip
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from assets.landing import store
from assets.landing.dates import yesterday
from assets.landing.pull.hashed_file import HashedFile
from assets.landing.store import Manifest, land, newest_complete, pulls
from assets.storage import atomic_write
from assets.storage.lake import Lake
from tests.factories.small_exports import DAY, Exports

CSV = b"handle,followers\nx,1\n"


def pull(exports: Exports, day: date = DAY, *, force: bool = False) -> Manifest:
    """Pulls the only source."""
    (manifest,) = exports.land(day, force=force).values()
    return manifest


def landed(exports: Exports, manifest: Manifest) -> dict[str, bytes]:
    """Returns the landed bytes by path below the landing folder."""
    return {file.path: (exports.settings.landing / file.path).read_bytes() for file in manifest.files}


def everything(exports: Exports) -> dict[str, bytes]:
    """Returns every file of the landing folder."""
    root = exports.settings.landing
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    """Adds one source `a` of dated CSV files, with one for `DAY`."""
    made = Exports(tmp_path).source("a", "a-{date}.csv")
    made.write(f"a-{DAY}.csv", CSV)
    return made


def test_pull_keeps_bytes_in_a_folder_named_by_their_hash(exports: Exports) -> None:
    manifest = pull(exports)
    assert (manifest.state, manifest.sequence, manifest.message, manifest.date) == ("complete", 1, "", DAY)
    assert landed(exports, manifest) == {f"a/{DAY}/{manifest.content}/a-{DAY}.csv": CSV}
    (file,) = manifest.files
    assert (file.bytes, file.sha256, file.records) == (len(CSV), sha256(CSV).hexdigest(), "profiles")
    assert file.origin == str(exports.folder / f"a-{DAY}.csv")
    assert newest_complete(exports.settings.landing, "a", DAY) == manifest


def test_second_pull_reuses_the_first_even_if_the_source_changed(exports: Exports) -> None:
    first = pull(exports)
    before = everything(exports)
    (source,) = exports.sources().sources
    assert store.changed_files(first, source, exports.folder) is None
    path = exports.write(f"a-{DAY}.csv", CSV + b"y,2\n")
    assert pull(exports) == first
    assert everything(exports) == before
    os.utime(path, (time.time() + 2,) * 2)
    told = f"{path} has been written since it landed; pull it with --force"
    assert store.changed_files(first, source, exports.folder) == told
    path.unlink()
    assert store.changed_files(first, source, exports.folder) is None


def test_forced_pull_of_the_same_bytes_is_reported_in_the_same_folder(exports: Exports) -> None:
    first, second = pull(exports), pull(exports, force=True)
    assert (second.content, second.files, second.sequence) == (first.content, first.files, 2)
    assert pulls(exports.settings.landing, "a", DAY) == [first, second]
    assert len(everything(exports)) == 3


def test_forced_pull_of_other_bytes_is_added(exports: Exports) -> None:
    first = pull(exports)
    before = everything(exports)
    exports.write(f"a-{DAY}.csv", CSV + b"y,2\n")
    second = pull(exports, force=True)
    assert second.content != first.content
    assert newest_complete(exports.settings.landing, "a", DAY) == second
    assert before.items() <= everything(exports).items()


def test_same_bytes_under_another_name_are_different_content(exports: Exports) -> None:
    first = pull(exports)
    other = Exports(exports.folder).source("a", "b.csv")
    other.write("b.csv", CSV)
    assert pull(other, force=True).content != first.content


@pytest.mark.parametrize(
    "file, content, told",
    [
        ("b.csv", b"<!doctype html><html>Please log in</html>", "b.csv is a web page, not an export (a login or error page?); open its address in a browser and correct the url"),
        ("b.json", b"\n <html>", "b.json is a web page, not an export"),
        ("b.csv", b"", "b.csv is empty; ask for the export of this date and pull again"),
        ("b.csv", b"\xef\xbb\xbf \r\n", "b.csv is empty; ask for the export of this date and pull again"),
        ("b.csv.gz", gzip.compress(b"", mtime=0), "b.csv.gz is empty; ask for the export of this date and pull again"),
        ("b.csv", b'{"handle": "x"}', "b.csv is JSON, and shape smallvoices reads CSV; correct the shape"),
        ("b.json", CSV, "b.json is not JSON, and shape smallvoices reads json; correct the shape"),
        ("b.json", b'[{"handle": "x"}, {"han', "b.json ends in the middle of a record: it was cut short; pull it again"),
        ("b.ndjson", b'{"handle": "x"}\n{"han', "b.ndjson ends in the middle of a record: it was cut short; pull it again"),
        ("b.parquet", b"PAR1 and no end", "b.parquet is no whole Parquet file; pull it again"),
        ("b.parquet", CSV, "b.parquet is no whole Parquet file; pull it again"),
        ("b.csv.gz", gzip.compress(CSV, mtime=0)[:-4], "b.csv.gz is no whole gzip file (Compressed file ended before the end-of-stream marker was reached); pull it again"),
        ("b.csv.gz", gzip.compress(CSV, mtime=0)[:-8] + b"\x01" * 8, "b.csv.gz is no whole gzip file (CRC check failed"),
        ("b.csv.gz", b"\x1f\x8b\x08" + b"\x00" * 6 + b"\x03" + b"\xff" * 50, "b.csv.gz is no whole gzip file (Error -3"),
        ("b.pdf", b"%PDF", "b.pdf: the name does not tell the format; allowed endings: .csv, .tsv, .txt, "),
        ("b.xlsx", b"PK\x03\x04", "b.xlsx was cut short; pull it again"),
    ],
)  # fmt: skip
def test_incomplete_export_is_rejected_and_kept(tmp_path: Path, file: str, content: bytes, told: str) -> None:
    exports = Exports(tmp_path).source("a", file)
    exports.write(file, content)
    manifest = pull(exports)
    assert manifest.state == "refused"
    assert manifest.message.startswith(told)
    assert [*landed(exports, manifest).values()] == [content]
    assert newest_complete(exports.settings.landing, "a", DAY) is None


def test_rejected_pull_never_hides_a_complete_one(exports: Exports) -> None:
    first = pull(exports)
    exports.write(f"a-{DAY}.csv", b"<html>Service unavailable</html>")
    refused = pull(exports, force=True)
    assert refused.state == "refused"
    assert newest_complete(exports.settings.landing, "a", DAY) == first
    assert pull(exports) == first


def test_rejected_pull_is_retried(exports: Exports) -> None:
    exports.write(f"a-{DAY}.csv", b"<html>")
    assert pull(exports).state == "refused"
    exports.write(f"a-{DAY}.csv", CSV)
    assert (pull(exports).state, pull(exports).sequence) == ("complete", 2)


@pytest.mark.parametrize("url", ["no-{date}.csv", "no/{date}/*.csv", "file:///no/such/{date}.csv"])
def test_missing_file_is_reported_with_its_path(tmp_path: Path, url: str) -> None:
    exports = Exports(tmp_path).source("a", url)
    manifest = pull(exports)
    path = url.replace("{date}", str(DAY)).removeprefix("file://")
    assert (manifest.state, manifest.files) == ("failed", ())
    assert manifest.message == f"no file {tmp_path / path}; put the export there, or correct the url in sources.yaml"
    assert [*everything(exports)] == [f"a/{DAY}/manifests/0001.json"]


def test_glob_lands_files_in_name_order_despite_equal_names(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "*/{date}/*.csv")
    files = {"a/3-x.csv": b"1", "a/x.csv": b"2", "b/x.csv": b"3", "c/3-x.csv": b"4", "c/x.txt": b"5"}
    for name, content in files.items():
        exports.write(f"{name[0]}/{DAY}/{name[2:]}", b"handle,followers\n" + content)
    manifest = pull(exports)
    origins = [Path(file.origin).relative_to(tmp_path) for file in manifest.files]
    assert [f"{path.parts[0]}/{path.name}" for path in origins] == [*files][:-1]
    assert [content[-1:] for content in landed(exports, manifest).values()] == [b"1", b"2", b"3", b"4"]
    for file in manifest.files:
        assert sha256((exports.settings.landing / file.path).read_bytes()).hexdigest() == file.sha256


def test_profiles_and_posts_land_together(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "p.csv", posts_url="posts/p.csv")
    exports.write("p.csv", CSV)
    exports.write("posts/p.csv", b"post_id,posted_at\n")
    manifest = pull(exports)
    assert [(file.records, Path(file.path).name) for file in manifest.files] == [
        ("profiles", "p.csv"),
        ("posts", "2-p.csv"),
    ]
    (exports.folder / "posts" / "p.csv").unlink()
    assert pull(exports, force=True).state == "failed"


@pytest.mark.parametrize("folder", ["plain", "with blank", "with%percent"])
def test_file_url_decodes_escapes(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    exports = Exports(tmp_path).source("a", (place / "{date}.csv").as_uri().replace("%7B", "{").replace("%7D", "}"))
    exports.write(f"{folder}/{DAY}.csv", CSV)
    assert pull(exports).state == "complete"


def test_source_without_history_is_not_pulled_for_an_old_date(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "now.csv", history="current")
    exports.write("now.csv", CSV)
    old = pull(exports, DAY)
    assert (old.state, old.files) == ("failed", ())
    assert old.message.startswith(f"source a only offers today's figures, and nothing was landed on {DAY}; leave that")
    assert pull(exports, yesterday()).state == "complete"


def test_unavailable_date_keeps_one_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = Exports(tmp_path).source("a", "now.csv", history="current")
    first, *_ = [pull(exports, DAY) for _ in range(3)]
    assert pulls(exports.settings.landing, "a", DAY) == [first]
    with monkeypatch.context() as patched:
        patched.setattr(store, "yesterday", lambda: DAY)
        other = pull(exports, DAY)
    # Another failure lies between: the newest manifest has the reason.
    again, *_ = [pull(exports, DAY) for _ in range(3)]
    assert "no file" in other.message
    assert [each.message for each in pulls(exports.settings.landing, "a", DAY)] == [
        first.message,
        other.message,
        again.message,
    ]


def test_landed_pull_of_a_source_without_history_is_used_for_old_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = Exports(tmp_path).source("a", "now.csv", history="current")
    exports.write("now.csv", CSV)
    with monkeypatch.context() as patched:
        patched.setattr(store, "yesterday", lambda: DAY)
        first = pull(exports)
    assert pull(exports) == first
    assert pull(exports, force=True).state == "failed"
    assert newest_complete(exports.settings.landing, "a", DAY) == first


def test_concurrent_pulls_keep_separate_manifests(exports: Exports) -> None:
    sources = exports.sources()
    (source,) = sources.sources

    def once(_: int) -> Manifest:
        root = exports.settings.landing
        return land(source, sources.shape(source), DAY, landing=root, folder=exports.folder, force=True)

    with ThreadPoolExecutor(8) as pool:
        manifests = [*pool.map(once, range(8))]
    assert sorted(manifest.sequence for manifest in manifests) == [*range(1, 9)]
    assert pulls(exports.settings.landing, "a", DAY) == sorted(manifests, key=lambda manifest: manifest.sequence)
    assert {manifest.state for manifest in manifests} == {"complete"}
    assert not list(exports.settings.landing.rglob("*.tmp"))


@contextmanager
def growing(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Simulates a vendor that keeps writing while its file is copied."""
    write = HashedFile.write

    def written(copy: HashedFile, chunk: bytes) -> None:
        write(copy, chunk)
        with path.open("ab") as file:
            file.write(b"more,1\n")
        patched.undo()

    with monkeypatch.context() as patched:
        patched.setattr(HashedFile, "write", written)
        yield


def test_file_still_being_written_is_not_landed(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exports.folder / f"a-{DAY}.csv"
    with growing(path, monkeypatch):
        manifest = pull(exports)
    assert manifest.state == "failed"
    assert manifest.message == f"{path} changed while it was copied; pull again once its writer is done"
    assert pull(exports).state == "complete"


@pytest.mark.parametrize("url", ["a-folder", "a-folder/", "./a-folder"])
def test_folder_in_place_of_a_file_is_reported(tmp_path: Path, url: str) -> None:
    exports = Exports(tmp_path).source("a", url)
    exports.write("a-folder/x.csv", CSV)
    manifest = pull(exports)
    assert manifest.state == "failed"
    assert manifest.message.endswith("a-folder/*.csv")
    assert "a-folder is a folder; say which of its files are meant, as in " in manifest.message.replace(
        "a-folder/ is", "a-folder is"
    )


def test_leftovers_of_killed_pulls_are_deleted_and_landed_files_kept(exports: Exports) -> None:
    kept = pull(exports).content
    place = exports.settings.landing / "a" / str(DAY)
    now = time.time()
    leftovers = (".1-a.tmp", "manifests/.2-b.tmp", "0123456789abcdef", ".unfinished-profiles-x", ".unfinished-posts-y")
    for name, hours in zip(leftovers, (0, 0, 0, 25, 1), strict=True):
        (place / name).mkdir()
        (place / name / "left").write_bytes(b"1")
        os.utime(place / name, (now - hours * 3600, now - hours * 3600))
    with atomic_write.shared_lock(place):
        assert store.sweep(exports.settings.landing) == 0
    assert store.sweep(exports.settings.landing) == 4
    # Received pages may be resumed for a day.
    assert {path.name for path in place.iterdir()} == {kept, "manifests", ".unfinished-posts-y"}
    assert [path.name for path in (place / "manifests").iterdir()] == ["0001.json"]


def test_killed_import_leaves_nothing_and_running_import_loses_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with lake.replacing("profiles", DAY, "one") as path:
        path.write_bytes(b"at work")
        path.with_name(f"{path.name}.settled").write_bytes(b"at work")
        assert lake.sweep() == 0
        path.with_name(f"{path.name}.settled").rename(path)
    lake.path("profiles", DAY).with_name(".data.parquet.two.tmp").write_bytes(b"killed")
    assert lake.sweep() == 1
    assert [path.read_bytes() for path in lake.path("profiles", DAY).parent.iterdir()] == [b"at work"]
