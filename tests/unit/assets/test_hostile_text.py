"""Hostile text as name, date, handle, cell, URL and archive member: rejected or escaped, and never executed."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from rich.console import Console

from assets.importing.importing import NothingToPublishError
from assets.landing.dates import DateError, parse
from assets.storage.engine import connect
from assets.storage.sandbox import confined
from pipelines.cli import summary
from pipelines.instance.terminal import printable
from schemas.config import sources_file
from schemas.config.sources_file import SourcesError
from tests.conftest import REPOSITORY
from tests.factories.published_home import Home
from tests.factories.small_exports import Exports, ndjson_bytes

NAUGHTY = [
    "'; DROP TABLE accounts; --", '"; COPY (SELECT 1) TO \'/tmp/owned\'; --', "../../../../etc/passwd", "/etc/passwd",
    "..\\..\\windows", "=cmd|'/C calc'!A0", "@SUM(A1:A9)", "+1", "\t=1", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "[/bold]", "[red]x", "[link=file:///etc/passwd]x[/link]", "{date}", "${HOME}", "%s%n",
    "\x1b[2J\x1b]0;owned\x07", "a\nINFO run: all is well", "a\r\nb", "\u202egnp.exe", "\u2066x\u2069", "\ufeff", "\x00", "\x7f",
    "Ω≈ç√∫", "田中さん", "👩\u200d👩\u200d👧", "NULL", "None", "nan", "Infinity", "1e400", "9" * 400, " ", "'", '"', "`",
    "\ud800".encode("utf-8", "replace").decode(), "﷽", "ﬀ", "ﾊﾝ", "İ", "ß", "a" * 5000,
]  # fmt: skip
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("text", [text for text in NAUGHTY if not re.fullmatch("[a-z0-9_]{1,60}", text)])
def test_hostile_text_is_not_a_source_name_or_date(tmp_path: Path, text: str) -> None:
    exports = Exports(tmp_path).source(text, "a.csv")
    with pytest.raises(SourcesError, match="name: "):
        exports.sources()
    with pytest.raises(DateError):
        parse(text, exports.settings)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """Imports accounts with each of them as name."""
    exports = Exports(tmp_path_factory.mktemp("naughty")).source("a", "a.ndjson", max_quarantine_share=1)
    rows: list[dict[str, Any]] = [
        {"platform": "instagram", "profile_id": f"n{place}", "handle": text, "display_name": text, "biography": text,
         "followers": 5000, "avg_likes": 50, "avg_comments": 1, "sector": text[:200], "external_url": text}
        for place, text in enumerate(NAUGHTY)
    ]  # fmt: skip
    rows += [{"platform": text, "profile_id": text, "followers": text, "captured_at": text} for text in NAUGHTY]
    exports.write("a.ndjson", ndjson_bytes(rows))
    exports.run()
    return exports


def test_hostile_cell_is_kept_as_text_or_quarantined(imported: Exports) -> None:
    told = imported.tables()
    (report,) = told.report
    assert report["landed"] == 2 * len(NAUGHTY) == report["accepted"] + report["quarantined"]
    kept = {row["profile_id"]: row for row in told.profiles}
    script = next(place for place, text in enumerate(NAUGHTY) if text.startswith("<script"))
    assert kept[f"n{script}"]["display_name"] == "<script>alert(1)</script>"
    assert not Path("/tmp/owned").exists()  # noqa: S108 - the file that one of them would write


def test_no_file_is_created_outside_the_home(imported: Exports) -> None:
    assert {path.name for path in imported.folder.iterdir()} == {"a.ndjson", "home", "sources.yaml"}
    names = [path.name for path in imported.settings.home.rglob("*")]
    assert not [name for name in names if STEERING.search(name) or ".." in name]


@pytest.mark.parametrize(
    "member", ["../../out.csv", "/abs/out.csv", "a/../../out.csv", "x\n.csv", "\x1b[2J.csv", "C:\\out.csv"]
)
def test_archive_members_stay_inside_and_are_named_safely(tmp_path: Path, member: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, "platform,handle,followers\ninstagram,a,5000\n")
    exports = Exports(tmp_path).source("a", "a.zip")
    exports.write("a.zip", packed.getvalue())
    # A part that starts with a dot is hidden, and not an export.
    if ".." in member:
        with pytest.raises(NothingToPublishError, match="holds no export"):
            exports.run()
    else:
        assert exports.run().told("landed", "accepted") == [(1, 1)]
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "home", "sources.yaml"}
    assert not (tmp_path.parent / "out.csv").exists()


def test_lookalike_accounts_stay_separate(tmp_path: Path) -> None:
    handles = ["anna", "аnna", "anna\u200b", "ａｎｎａ", "αnna"]  # noqa: RUF001 - letters of other scripts on purpose
    exports = Exports(tmp_path).source("a", "a.ndjson", max_quarantine_share=1)
    exports.write(
        "a.ndjson", ndjson_bytes({"platform": "instagram", "handle": each, "followers": 5000} for each in handles)
    )
    told = exports.run()
    # Zero-width and full-width: the same letters. Other scripts: other people.
    assert told.accounts("handle") == [("anna",), ("αnna",), ("аnna",)]  # noqa: RUF001 - as above
    assert told.told("accepted", "deduplicated") == [(3, 2)]


def test_hostile_text_does_not_control_terminal_or_log(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "[/bold]\x1b[2J\x1b]0;owned\x07\u202eа\nINFO run: fine"  # noqa: RUF001 - a letter of another script
    home.rewrite("2026-10-31", pl.lit(hostile).alias("handle"))
    home.publish()
    console = Console(file=io.StringIO(), width=400, highlight=False)
    summary.print_published(console, home.settings, sources_file.load(home.settings.sources_file))
    shown = console.file.getvalue()  # type: ignore[attr-defined] # the StringIO above
    assert "[/bold]\\x1b[2J\\x1b]0;owned\\x07\\u202eа\\nINFO run: fine" in shown  # noqa: RUF001 - as above
    assert not STEERING.search(shown)
    told = home.run("explain", "instagram", "0001")
    assert told.returncode == 0, told.stderr
    assert not STEERING.search(told.stdout)
    assert "letters of its handle beyond ASCII: \\u202e U+202E, а U+0430" in told.stdout  # noqa: RUF001 - as above
    failed = home.run("explain", "instagram", "x\x1b[2Jy")
    assert failed.returncode == 1
    assert not STEERING.search(failed.stderr)


@pytest.mark.parametrize("text", NAUGHTY)
def test_printable_text_has_no_control_characters(text: str) -> None:
    assert not STEERING.search(printable(text))
    assert printable("👩\u200d👩\u200d👧 Ω") == "👩\u200d👩\u200d👧 Ω"


def test_connections_with_foreign_data_are_sandboxed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n", encoding="utf-8")
    inside = tmp_path / "inside"
    inside.mkdir()
    for opened in (connect(Exports(tmp_path).settings, inside), confined(inside)):
        with opened as connection:
            for sql in (
                f"SELECT * FROM read_csv('{outside}')",
                f"SELECT * FROM read_text('{inside}/../outside.csv')",
                f"COPY (SELECT 1) TO '{tmp_path}/copied.csv'",
                f"ATTACH '{tmp_path}/other.duckdb'",
                "SET enable_external_access = true",
                f"SET allowed_directories = ['{tmp_path}']",
                "INSTALL httpfs",
                "LOAD httpfs",
                "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
            ):
                with pytest.raises(duckdb.Error):
                    connection.execute(sql).fetchall()
    assert {path.name for path in tmp_path.iterdir()} == {"outside.csv", "inside", "home"}


def test_duckdb_connections_are_opened_only_by_engine_and_sandbox() -> None:
    """Checks that reading and importing open DuckDB only through `engine` and `sandbox`."""
    opened = {
        str(path.relative_to(REPOSITORY))
        for folder in ("pipelines", "assets", "schemas")
        for path in (REPOSITORY / folder).rglob("*.py")
        if re.search(r"duckdb\.connect\(\s*(\":memory:\"|\))", path.read_text(encoding="utf-8"))
    }
    assert opened == {
        "assets/storage/engine.py", "assets/storage/sandbox.py", "assets/publishing/content_hash.py", "assets/publishing/latest.py", "schemas/shape_file.py",
        "assets/inference/numbers.py",
    }  # fmt: skip
