"""`smallvoices erase`: identification, erased data, retained data, and suppression in later pulls."""

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets.erasing import suppression_filter
from assets.landing import store, suppression
from assets.landing.pull.pulling import UNFINISHED
from assets.landing.suppression import SuppressionError
from assets.retention import temp_cleanup
from assets.storage import home_lock, progress
from assets.storage.engine import connect
from assets.storage.home_lock import HomeLockedError
from pipelines.doctor import home as doctor_home
from pipelines.forget import erasing, forgetting, identity_resolution, verification
from pipelines.forget.forgetting import ForgetError
from pipelines.forget.person import Person
from tests.factories.people_to_forget import ANNA, DAYS, OWN_WORDS, account, everything, export
from tests.factories.published_home import Home
from tests.factories.small_exports import DAY, Exports, Imported, ago, csv_bytes, ndjson_bytes


@pytest.fixture
def published(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Builds a home of ranked days of two sources: one packed, one that names the person in broken records."""
    days: tuple[str, ...] = request.param
    home = export(tmp_path, days)
    done = home.run("backfill", "--from", days[0], "--to", days[-1])
    assert done.returncode == 0, done.stderr
    return home


def test_unknown_person_is_reported_and_unknown_platform_is_a_usage_error(ranked: Home) -> None:
    unknown = ranked.run("erase", "instagram", "nobody.of.that.name", "--yes")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "nobody on instagram is known by the id or handle 'nobody.of.that.name'" in unknown.stderr
    assert ranked.run("erase", "myspace", ANNA).returncode == 2


@pytest.mark.parametrize(
    "published", [DAYS[-1:], pytest.param(DAYS, marks=pytest.mark.proof)], indirect=True, ids=["a day", "days"]
)
def test_person_is_erased_everywhere_and_others_are_kept(published: Home) -> None:
    days = [path.name for path in (published.settings.lake / "ranking").iterdir()]
    home = published.settings.home
    before = published.query("SELECT platform, profile_id, handle, followers FROM accounts ORDER BY ALL")
    with closing(sqlite3.connect(home / "dagster/history/runs/index.db")) as database:
        events = database.execute("SELECT count(*) FROM event_logs").fetchall()
    assert ANNA.encode() in everything(home / "dagster")
    dry = json.loads(published.run("erase", "instagram", f"@{ANNA}", "--dry-run", "--json").stdout)
    assert (dry["ids"], dry["handles"], sum(dry["tombstones"].values())) == (["900123456"], [ANNA], 3 * len(days))
    assert published.query("SELECT platform, profile_id, handle, followers FROM accounts ORDER BY ALL") == before

    done = (published.process if len(days) > 1 else published.run)("erase", "instagram", ANNA, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["found"], told["not_opened"], told["left"]) == ({}, {}, [])
    assert set(told["mentions"]) >= {path for path in told["mentions"] if path.startswith("landing/plain/")}
    assert "dates anew, and publishing" in done.stderr

    after = published.query("SELECT platform, profile_id, handle, followers FROM accounts ORDER BY ALL")
    assert after == [row for row in before if row[:2] != ("instagram", "900123456")]
    left = everything(home)
    for words in OWN_WORDS:
        assert words not in left
    assert f"fan of @{ANNA}".encode() in everything(home / "landing")
    assert b"broken." in left
    assert len(list((home / "published/generations").iterdir())) == 1
    with closing(sqlite3.connect(home / "dagster/history/runs/index.db")) as database:
        assert database.execute("SELECT count(*) FROM event_logs").fetchall()[0] > events[0]
    assert published.query(
        "SELECT source, landed_rows, accepted, quarantined, deduplicated, erased FROM source_status ORDER BY 1"
    ) == [("list", 4, 1, 1, 0, 2), ("plain", 63, 62, 0, 0, 1)]
    for file in ("salt", "entries"):
        path = home / "suppressed" / file
        assert path.stat().st_mode & 0o777 == 0o600
        assert ANNA.encode() not in path.read_bytes()
    assert not list((home / "forgetting").iterdir())
    if len(days) == 1:
        return
    again = published.run("nightly", "--date", DAYS[-1], "--force", "--json")
    assert again.returncode == 0, again.stderr
    assert {row["source"]: row["erased"] for row in json.loads(again.stdout)["sources"]} == {"plain": 1, "list": 1}
    assert b"my own words" not in everything(home)
    assert published.query("SELECT platform, profile_id, handle, followers FROM accounts ORDER BY ALL") == after


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """Builds a home of two sources and three days, imported and not ranked, to be copied."""
    made = Exports(tmp_path_factory.mktemp("imported")).source("a", "a-{date}.ndjson", posts_url="p-{date}.ndjson").source(
        "b", "b-{date}.csv", platform="instagram", max_quarantine_share=1
    )  # fmt: skip
    for number, handle in enumerate(("anna.old", "anna", "anna")):
        day = ago(2 - number)
        made.write(f"a-{day}.ndjson", ndjson_bytes([
            account("instagram", "100200300", handle), account("instagram", "1002003001", "annab"),
            account("instagram", "42", "anna.old" if number else "taken"), account("tiktok", "100200300", "anna"),
        ]))  # fmt: skip
        made.write(f"p-{day}.ndjson", ndjson_bytes([
            {"platform": "instagram", "handle": owner, "post_id": f"p-{owner}", "posted_at": "2026-10-01T00:00:00Z"}
            for owner in ("anna", "annab", "anna.old")
        ]))  # fmt: skip
        made.write(f"b-{day}.csv", csv_bytes([["handle", "followers"], [handle, 4000], ["carl", 1], ["anna.old", 3]]))
        made.run(day)
    return made


@pytest.fixture
def exports(imported: Exports, tmp_path: Path) -> Exports:
    """Returns a copy of it to modify."""
    return imported.copied(tmp_path / "copy")


def test_handles_resolve_to_ids_but_not_to_later_owners_of_a_handle(exports: Exports) -> None:
    found = identity_resolution.person(exports.settings, exports.sources(), "instagram", "@Anna")
    assert found is not None
    assert (sorted(found.ids), sorted(found.handles)) == (["100200300"], ["anna", "anna.old"])
    assert found.elsewhere == {("anna.old", ago(1)), ("anna.old", ago(0))}
    assert identity_resolution.person(exports.settings, exports.sources(), "instagram", "100200300") == found
    other = identity_resolution.person(exports.settings, exports.sources(), "instagram", "anna.old")
    assert other is not None
    assert (sorted(other.ids), sorted(other.handles)) == (["42"], ["anna.old", "taken"])
    assert identity_resolution.person(exports.settings, exports.sources(), "instagram", "10020030") is None
    assert identity_resolution.person(exports.settings, exports.sources(), "youtube", "anna") is None


def tables(told: Sequence[Imported]) -> list[Any]:
    """Returns the accounts of profiles and posts, day by day."""
    return [
        [(row["platform"], row["profile_id"], row["handle"], row["landed_row"]) for row in found]
        for each in told
        for found in (each.profiles, each.posts)
    ]


@pytest.mark.parametrize("compared", [1, pytest.param(3, marks=pytest.mark.proof)])
def test_only_the_persons_records_are_erased(exports: Exports, compared: int) -> None:
    days = (ago(2), ago(1), DAY)
    before, there = tables([exports.tables(day) for day in days[-compared:]]), everything(exports.settings.home)
    anna = identity_resolution.person(exports.settings, exports.sources(), "instagram", "anna")
    assert anna
    seen = erasing.look(exports.settings, exports.sources(), anna)
    assert everything(exports.settings.home) == there
    erased = erasing.erase(exports.settings, exports.sources(), anna)
    assert erased.tombstones == seen.tombstones
    assert erased.days == days
    told = [exports.run(day) for day in days[-compared:]]
    assert [[row for row in table if not _is_annas(row)] for table in before] == tables(told)
    for row in (row for each in told for row in each.report):
        assert row["landed"] == row["accepted"] + row["quarantined"] + row["deduplicated"] + row["erased"]
    assert erasing.erase(exports.settings, exports.sources(), anna).is_nothing


def test_concurrent_readers_are_undisturbed_and_leftovers_are_deleted(exports: Exports) -> None:
    settings, sources = exports.settings, exports.sources()
    left = settings.scratch / ".99-dead.tmp/spilled"
    left.parent.mkdir(parents=True)
    left.touch()
    # For a date without a completed pull: no manifest exists yet.
    page = settings.landing / f"a/2026-11-01/{UNFINISHED}x/0001.json"
    page.parent.mkdir(parents=True)
    page.write_text('[{"profile_id": "404040404"}]', encoding="utf-8")
    nobody = Person("instagram", frozenset({"404040404"}), frozenset())
    assert verification.search(settings, None, nobody).found == {str(page.relative_to(settings.home)): 1}
    nothing = erasing.look(settings, sources, nobody)
    for is_read in (True, False):
        with connect(settings) if is_read else nullcontext():
            done = forgetting.forget(settings, sources, nobody, nothing, log_level="INFO", say=lambda _: None)
            assert done.proof.holds
            assert left.exists() == is_read
            assert not page.exists()


def _is_annas(row: tuple[Any, ...]) -> bool:
    return row[0] == "instagram" and row[1] in ("100200300", "@anna")


@pytest.mark.parametrize("killed_at", [2, pytest.param(5, marks=pytest.mark.proof)])
def test_killed_erasure_is_completed_by_the_next(exports: Exports, killed_at: int) -> None:
    sources = exports.sources()
    anna = identity_resolution.person(exports.settings, sources, "instagram", "anna")
    assert anna
    steps = 0

    def die(*_: object, **__: object) -> None:
        nonlocal steps
        steps += 1
        if steps == killed_at:
            raise KeyboardInterrupt

    erasing.begin(exports.settings, anna, [])
    with suppress(KeyboardInterrupt), progress.listening(die):
        erasing.erase(exports.settings, sources, anna)
    assert steps == killed_at
    ((_, begun, _),) = erasing.begun(exports.settings, "instagram", "100200300")
    assert begun == anna
    erasing.erase(exports.settings, sources, begun)
    assert {path.name for path in exports.settings.landing.rglob("*") if path.name.startswith(".")} == set()
    whole = erasing.look(exports.settings, sources, anna)
    assert whole.is_nothing


def test_unreadable_files_are_reported_and_non_exports_are_emptied(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "a.csv", platform="instagram").source("b", "b.csv", platform="instagram")
    exports.write("a.csv", b"<html>Log in as <b>@anna.longname</b></html>")
    exports.write("b.csv", b"name,fans\nanna.longname,5\n")
    assert [manifest.state for manifest in exports.land().values()] == ["refused", "complete"]
    anna = Person("instagram", frozenset(), frozenset({"anna.longname"}))
    seen = erasing.look(exports.settings, exports.sources(), anna)
    assert (len(seen.emptied), len(seen.left)) == (1, 1)
    assert "b.csv:1 lacks the columns" in seen.left[0]
    erasing.erase(exports.settings, exports.sources(), anna)
    assert b"anna" not in everything(exports.settings.landing / "a")
    fewer = exports.sources().model_copy(update={"sources": exports.sources().sources[:1]})
    assert "sources.yaml has no source b; remove the folder" in erasing.look(exports.settings, fewer, anna).left[0]


def test_suppressed_person_is_removed_before_landing(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "a.json", platform="instagram")
    rows = [account("instagram", None, "Ännchen"), account("instagram", "7", "bob"), account("tiktok", "1", "ännchen")]
    exports.write("a.json", json.dumps(rows).encode())
    suppression.add(exports.settings.suppressed, "instagram", ["ännchen"])
    (source,) = exports.sources().sources
    landing_filter = suppression_filter.landing_filter(exports.settings, source, exports.sources().shape(source))
    store.land(
        source, exports.sources().shape(source), DAY, landing=exports.settings.landing, folder=exports.folder,
        force=False, landing_filter=landing_filter,
    )  # fmt: skip
    told = exports.run()
    assert told.told("landed", "accepted", "erased") == [(3, 2, 1)]
    assert told.accounts("landed_row", "handle") == [(2, "bob"), (3, "ännchen")]
    # Landed before the erasure: the import drops them as well.
    other = Exports(tmp_path / "other").source("a", "a.json", platform="instagram")
    other.write("a.json", json.dumps(rows).encode())
    other.land()
    suppression.add(other.settings.suppressed, "instagram", ["ännchen"])
    assert other.run().told("landed", "accepted", "erased") == [(3, 2, 1)]


def test_lifted_suppression_allows_only_that_person(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "a.json", platform="instagram")
    people = [("7", "bob"), ("8", "anna"), ("9", "carl")]
    exports.write("a.json", json.dumps([account("instagram", *names) for names in people]).encode())
    exports.land()
    for names in people[:2]:
        suppression.add(exports.settings.suppressed, "instagram", names)
    assert exports.run().accounts("landed_row", "handle") == [(3, "carl")]
    # An id that is resolved later belongs to the same person.
    suppression.add(exports.settings.suppressed, "instagram", ["anna", "88"])
    entries = (exports.settings.suppressed / "entries").read_bytes()
    for platform, name in (("instagram", "carl"), ("tiktok", "anna"), ("instagram", "annab")):
        assert forgetting.lift(exports.settings, platform, name) == 0
    home = Home(tmp_path)
    unknown = home.run("allow", "instagram", "nobody")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "'nobody' on instagram is not suppressed" in unknown.stderr
    assert (exports.settings.suppressed / "entries").read_bytes() == entries
    lifted = home.run("allow", "instagram", "@Anna")
    assert lifted.returncode == 0, lifted.stderr
    assert "Lifted the suppression of 3 ids and handles on instagram" in lifted.stdout
    assert exports.run().accounts("landed_row", "handle") == [(2, "anna"), (3, "carl")]
    assert forgetting.lift(exports.settings, "instagram", "88") == 0
    # Half erased, they would be restored before they are erased.
    erasing.begin(exports.settings, Person("instagram", frozenset({"7"}), frozenset({"bob"})), [])
    with pytest.raises(ForgetError, match="was begun and has not ended"):
        forgetting.lift(exports.settings, "instagram", "bob")


def test_suppression_without_salt_blocks_pulls_and_is_reported_by_doctor(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("a", "a.csv", platform="instagram")
    exports.write("a.csv", csv_bytes([["handle", "followers"], ["anna", 5000], ["bob", 5000]]))
    folder = exports.settings.suppressed

    def said() -> list[tuple[str, str]]:
        return [(finding.level, finding.said) for finding in doctor_home.suppressed(exports.settings)]

    assert said() == [("ok", "nobody is kept out")]
    suppression.add(folder, "instagram", ["anna"])
    assert said() == [("ok", "1 ids and handles are kept out")]
    exports.land()
    anna = Person("instagram", frozenset(), frozenset({"anna"}))
    assert erasing.erase(exports.settings, exports.sources(), anna).tombstones
    (folder / "salt").rename(tmp_path / "salt")
    with pytest.raises(SuppressionError, match="the 1 entries beside it keep out: restore it from a backup"):
        exports.run()
    with pytest.raises(SuppressionError):
        suppression.add(folder, "instagram", ["bob"])
    ((level, words),) = said()
    assert level == "problem"
    assert "salt is gone" in words
    shutil.rmtree(folder)
    ((level, words),) = said()
    assert level == "problem"
    assert "people were erased" in words


def test_leftovers_of_a_killed_erasure_do_not_block_and_are_deleted(tmp_path: Path) -> None:
    settings = Exports(tmp_path).settings
    suppression.add(settings.suppressed, "instagram", ["anna"])
    settings.forgetting.mkdir()
    # In a container every process may have the same id.
    left = [folder / f".{name}.{os.getpid()}.tmp" for folder, name in (
        (settings.suppressed, "entries"), (settings.suppressed, "salt"), (settings.forgetting, "0123.json")
    )]  # fmt: skip
    for path in left:
        path.write_text("anna")
    suppression.add(settings.suppressed, "instagram", ["bob"])
    assert temp_cleanup.sweep(settings) == len(left)
    assert not [path for path in left if path.exists()]


def test_erasing_and_landing_exclude_each_other(tmp_path: Path) -> None:
    settings = replace(Exports(tmp_path).settings, publish_wait_seconds=0)
    settings.home.mkdir()
    holder = (
        "import sys, time; from pathlib import Path; from assets.storage import home_lock; "
        "from schemas.settings import Settings\n"
        "with home_lock.adding(Settings(home=Path(sys.argv[1]), sources_file=Path('x'))):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(settings.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        with (
            pytest.raises(HomeLockedError, match=r"a run is at work in .*; run again once"),
            home_lock.erasing(settings),
        ):
            pass
        process.stdin.close()
    with (settings.home / home_lock.FILE_NAME).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        entered: list[float] = []

        def add() -> None:
            with home_lock.adding(settings):
                entered.append(time.monotonic())

        night = threading.Thread(target=add)
        night.start()
        time.sleep(0.5)
        assert not entered
        fcntl.flock(file, fcntl.LOCK_UN)
        night.join()
    assert entered
    with home_lock.erasing(settings), home_lock.adding(settings):
        pass


@pytest.mark.parametrize(
    "text, count",
    [
        ("with @anna and instagram.com/anna?x=1", 2),
        ('{"handle": "anna"}', 1),
        ("anna,5000", 1),
        ("| anna | 5 |", 1),
        ("instagram anna (1002003), 2026-10-31: rank 1", 2),
        ("anna.b, @anna_b, @annab, /anna-b, 11002003, 1002003-1, anna said so", 0),
        ("@\\u00e4nnchen and /%C3%A4nnchen and @ÄNNCHEN", 3),
        ('12, "12"', 2),
        ("2012 and 3.12 and 12 more", 0),
    ],
)
def test_mentions_of_a_person_in_text(text: str, count: int) -> None:
    person = Person("instagram", frozenset({"1002003", "12"}), frozenset({"anna", "ännchen"}))
    assert person.mentions(text) == count
