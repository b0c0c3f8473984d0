"""Paging through APIs on loopback: every kind, and every form of circle."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.landing.pull import pages, transport
from assets.landing.pull.paging import Ask, Page, at, following
from assets.landing.store import Manifest, land
from schemas.config.paging import Paging
from tests.factories.loopback import Answer, Loopback, Request, as_json, in_turn, ok, serving
from tests.factories.small_exports import DAY, Exports
from tests.integration.test_http_pull import everything_on_disk, landed, pull

RECORDS = [{"platform": "instagram", "handle": f"h{number}", "followers": 1000 + number} for number in range(25)]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Records the waits of pulls, without waiting."""
    waits: list[float] = []
    monkeypatch.setattr(transport, "sleep", waits.append)
    return waits


def paged(
    folder: Path, server: Loopback, paging: dict[str, Any], path: str = "/api?day={date}", **keys: Any
) -> Exports:
    """Adds one source `a` of an API with pages."""
    url = server.url + path
    return (
        Exports(folder)
        .source("a", url, **({"allow_private": True, "shape": "api", "paging": paging} | keys))
        .shape("api", format="json", profiles={"columns": ["platform", "handle", "followers"]})
    )


def handles(exports: Exports, manifest: Manifest) -> list[str]:
    """Returns the handles on all landed pages, in order."""
    documents = [json.loads(page) for page in landed(exports, manifest)]
    return [
        record["handle"]
        for document in documents
        for record in (document if isinstance(document, list) else document["data"])
    ]


# Every kind, over 25 records in pages of 10


def by_cursor(request: Request) -> bytes:
    asked = json.loads(request.body) if request.body else request.query
    start = int(str(asked.get("after", "c0"))[1:])
    rest = {"cursors": {"after": f"c{start + 10}"}} if start + 10 < 25 else {}
    return as_json({"data": RECORDS[start : start + 10], "paging": rest})


def by_link(request: Request) -> bytes:
    start = int(request.query.get("from", "0"))
    link = f"/api?day={DAY}&from={start + 10}" if start + 10 < 25 else None
    return as_json({"data": RECORDS[start : start + 10], "links": {"next": link}})


def by_header(request: Request) -> bytes:
    start = int(request.query.get("from", "0"))
    link = f'<{start}>; rel="prev", <?from={start + 10}>; rel="next"' if start + 10 < 25 else '<x>; rel="last"'
    return as_json(RECORDS[start : start + 10], Link=link)


def by_page(request: Request) -> bytes:
    start = 10 * (int(request.query.get("page", "1")) - 1)
    return as_json({"data": RECORDS[start : start + 10], "total": 25})


def by_offset(request: Request) -> bytes:
    start = int(request.query.get("offset", "0"))
    return as_json({"data": RECORDS[start : start + int(request.query["limit"])], "more": start + 10 < 25})


KINDS: list[tuple[str, dict[str, Any], dict[str, Any], Answer, int]] = [
    ("cursor", {"next": "paging.cursors.after", "param": "after", "records": "data"}, {}, by_cursor, 3),
    ("cursor", {"next": "paging.cursors.after", "param": "after"}, {"body": {"q": "{date}"}}, by_cursor, 3),
    ("next_link", {"next": "links.next"}, {}, by_link, 3),
    ("link_header", {}, {}, by_header, 3),
    ("page", {"records": "data"}, {}, by_page, 4),
    ("page", {"records": "data", "size": 10}, {}, by_page, 3),
    ("page", {"records": "data", "total": "total"}, {}, by_page, 3),
    ("offset", {"records": "data"}, {"params": {"limit": 10}}, by_offset, 4),
    ("offset", {"records": "data", "has_more": "more"}, {"params": {"limit": 10}}, by_offset, 3),
]


@pytest.mark.parametrize("kind, keys, more, answer, requests", KINDS, ids=[f"{k[0]} {k[4]}" for k in KINDS])
def test_every_paging_kind_yields_every_record_once(
    tmp_path: Path, kind: str, keys: dict[str, Any], more: dict[str, Any], answer: Answer, requests: int
) -> None:
    with serving(answer) as server:
        exports = paged(tmp_path, server, {"kind": kind, **keys}, **more)
        manifest = pull(exports)
    assert (manifest.state, manifest.message) == ("complete", "")
    assert handles(exports, manifest) == [record["handle"] for record in RECORDS]
    names = [Path(file.path).name for file in manifest.files]
    assert names == ["page-000001.json", "page-000002.json", "page-000003.json"]
    assert len(server.asked) == requests
    assert not list(exports.settings.landing.rglob(".*"))


def test_cursor_can_be_nested_in_a_parameter(tmp_path: Path) -> None:
    def answer(request: Request) -> bytes:
        first = "after(" not in request.query["fields"]
        return as_json({"media": {"data": [{"id": first}], "cursors": {"after": "QVF=" if first else None}}})

    with serving(answer) as server:
        paging = {
            "kind": "cursor",
            "next": "media.cursors.after",
            "param": "fields",
            "value": "media.after({cursor}){{id}}",
        }
        manifest = pull(paged(tmp_path, server, paging, params={"fields": "media{id}"}))
    assert (manifest.state, len(manifest.files)) == ("complete", 2)
    assert [request.query["fields"] for request in server.asked] == ["media{id}", "media.after(QVF=){{id}}"]


def test_profiles_and_posts_are_paged_separately(tmp_path: Path) -> None:
    with serving(by_page) as server:
        exports = paged(tmp_path, server, {"kind": "page", "records": "data", "size": 10}, shape="smallvoices")
        exports = Exports(tmp_path).source(
            "a", server.url + "/p?{date}", posts_url=server.url + "/q?{date}", shape="smallvoices", allow_private=True,
            paging={"kind": "page", "records": "data", "size": 10},
        )  # fmt: skip
        manifest = pull(exports)
    assert [(file.records, Path(file.path).name) for file in manifest.files] == [
        *(("profiles", f"page-00000{number}.json") for number in (1, 2, 3)),
        *(("posts", f"posts-page-00000{number}.json") for number in (1, 2, 3)),
    ]


# Circles (fault row 16)


def cursors(*pairs: tuple[str, str | None]) -> Answer:
    """Responds to a cursor with a page of its own record and the next cursor."""
    after = dict(pairs)
    count = [0]

    def answer(request: Request) -> bytes:
        count[0] += 1
        return as_json({"data": [{"handle": str(count[0])}], "next": after[request.query.get("cursor", "")]})

    return answer


def endless(_: Request) -> bytes:
    endless_count[0] += 1
    return as_json({"data": [{"handle": str(endless_count[0])}], "next": str(endless_count[0])})


endless_count = [0]


def empty(_: Request) -> bytes:
    endless_count[0] += 1
    return as_json({"data": [], "next": str(endless_count[0])})


def same(_: Request) -> bytes:
    endless_count[0] += 1
    return as_json({"data": RECORDS, "next": str(endless_count[0])})


CURSOR = {"kind": "cursor", "next": "next", "param": "cursor", "records": "data"}


@pytest.mark.parametrize(
    "answer, keys, asked, told",
    [
        (cursors(("", "A"), ("A", "A")), {}, 2, "paging goes in a circle: page 2 leads to a page that was pulled before"),
        (cursors(("", "A"), ("A", "B"), ("B", "A")), {}, 3, "paging goes in a circle: page 3 leads to a page that was pulled before"),
        (endless, {"max_pages": 7}, 7, "more pages than paging.max_pages (7); raise it if this is meant"),
        (empty, {}, 21, "paging goes in a circle: 21 pages in a row bring no new record"),
        (same, {}, 22, "paging goes in a circle: 21 pages in a row bring no new record"),
        (lambda _: as_json({"data": RECORDS}), {"kind": "page", "next": None, "param": None}, 2, "page 2 brings the records of page 1 again: page may not be the parameter"),
        (in_turn([{"data": RECORDS, "total": 26}]), {"kind": "page", "next": None, "param": None, "size": 100, "total": "total"}, 1, "25 records came of the 26 that paging.total announces"),
        (lambda _: as_json({"data": [], "next": {"a": 1}}), {}, 1, "paging.next: next is no text in the answer; correct the path"),
        (lambda _: as_json({"data": [], "next": 5}), {"kind": "next_link", "param": None}, 1, "paging.next: next is no address in the answer"),
        (lambda _: as_json({"items": []}), {"kind": "page", "next": None, "param": None, "records": None}, 1, "paging.records: missing; the answer is an object"),
    ],
    ids=["same", "A-B-A", "endless", "empty", "same records", "number ignored", "too few", "cursor", "link", "records"],
)  # fmt: skip
def test_paging_circle_is_detected_and_not_landed(
    tmp_path: Path, answer: Answer, keys: dict[str, Any], asked: int, told: str
) -> None:
    with serving(answer) as server:
        paging = {key: value for key, value in (CURSOR | keys).items() if value is not None}
        manifest = pull(paged(tmp_path, server, paging))
    assert (manifest.state, manifest.files) == ("failed", ())
    assert told in manifest.message
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    "answer, paging, told",
    [
        (
            by_cursor,
            {"kind": "cursor", "next": "paging.cursor.after", "param": "after"},
            "anything at paging.cursor.after",
        ),
        (by_link, {"kind": "next_link", "next": "next"}, "anything at next"),
        (by_cursor, {"kind": "link_header"}, 'a Link header with rel="next"'),
    ],
)
def test_single_page_with_a_possibly_misspelt_path_is_reported(
    tmp_path: Path, answer: Callable[[Request], bytes], paging: dict[str, str], told: str
) -> None:
    with serving(answer) as server:
        manifest = pull(paged(tmp_path, server, paging))
    assert manifest.state == "complete"
    assert manifest.message == (
        f"page 1 came without {told} and is taken for the only one; if it is not, correct paging"
    )


def test_single_page_marked_as_last_is_accepted(tmp_path: Path) -> None:
    with serving(lambda _: as_json({"data": RECORDS, "links": {"next": None}})) as server:
        manifest = pull(paged(tmp_path, server, {"kind": "next_link", "next": "links.next"}))
    assert (manifest.state, manifest.message) == ("complete", "")


def test_empty_page_before_further_pages_is_skipped(tmp_path: Path) -> None:
    answers = [{"data": RECORDS[:2], "next": "a"}, {"data": [], "next": "b"}, {"data": RECORDS[2:4], "next": None}]
    with serving(in_turn(map(as_json, answers))) as server:
        exports = paged(tmp_path, server, CURSOR)
        manifest = pull(exports)
    assert handles(exports, manifest) == ["h0", "h1", "h2", "h3"]
    assert [len(manifest.files), len(server.asked)] == [2, 3]


def test_page_whose_records_have_all_been_seen_is_dropped(tmp_path: Path) -> None:
    parts = [(RECORDS[:4], "a"), (RECORDS[1:3], "b"), (RECORDS[2:6], None)]
    with serving(in_turn([{"data": records, "next": after} for records, after in parts])) as server:
        exports = paged(tmp_path, server, CURSOR)
        manifest = pull(exports)
    # Page 3 has a new record, so it is kept unchanged: the import decides which row of an account counts.
    assert handles(exports, manifest) == ["h0", "h1", "h2", "h3", "h2", "h3", "h4", "h5"]


def test_last_page_given_again_forever_ends_the_pull(tmp_path: Path) -> None:
    def clamped(request: Request) -> bytes:
        start = min(20, 10 * (int(request.query.get("page", "1")) - 1))
        return as_json({"data": RECORDS[start : start + 10]})

    with serving(clamped) as server:
        exports = paged(tmp_path, server, {"kind": "page", "records": "data"})
        manifest = pull(exports)
    assert len(handles(exports, manifest)) == 25
    assert len(server.asked) == 4


def test_api_without_records_lands_its_single_response(tmp_path: Path) -> None:
    with serving(lambda _: as_json({"data": [], "next": None})) as server:
        manifest = pull(paged(tmp_path, server, CURSOR))
    assert (manifest.state, len(manifest.files)) == ("complete", 1)


@pytest.mark.parametrize(
    "second, told",
    [
        (ok(b"<html>Log in</html>"), "page-000002.json is no page of records: Expecting value"),
        (ok(b'{"data": [1'), "page-000002.json is no page of records: Expecting"),
        (ok(b'"text"'), "page-000002.json is no page of records: neither an object nor a list"),
        (ok(b'{"error": "quota"}'), "page-000002.json is no page of records: there is no list at data (paging.records)"),
        (ok(b"[" * 100_000), "page-000002.json is no page of records: nested too deeply"),
    ],
)  # fmt: skip
def test_invalid_page_is_rejected_and_received_pages_are_kept(tmp_path: Path, second: bytes, told: str) -> None:
    with serving(in_turn([{"data": RECORDS[:2], "next": "a"}, second])) as server:
        exports = paged(tmp_path, server, CURSOR)
        manifest = pull(exports)
        assert manifest.state == "refused"
        assert told in manifest.message
        assert landed(exports, manifest)[1] == second.partition(b"\r\n\r\n")[2]
        assert len(server.asked) == 2
        assert not list(exports.settings.landing.rglob(".unfinished*"))


def test_truncated_page_without_content_length_is_rejected(tmp_path: Path) -> None:
    body = json.dumps({"data": [{"handle": "h]"}], "next": None}).encode()
    cut = [0]
    with serving(lambda _: ok(body[: cut[0]], framing="close")) as server:
        exports = paged(tmp_path, server, CURSOR)
        sources = exports.sources()
        (only,) = sources.sources
        states = []
        for cut[0] in range(len(body) + 1):
            day, root = DAY - timedelta(days=cut[0]), exports.settings.landing
            manifest = land(only, sources.shape(only), day, landing=root, folder=tmp_path, force=False)
            states.append(manifest.state)
    assert states == ["refused"] * len(body) + ["complete"]


def test_page_size_is_limited(tmp_path: Path) -> None:
    with serving(lambda _: as_json({"data": RECORDS, "next": None})) as server:
        manifest = pull(paged(tmp_path, server, CURSOR, limits={"max_page_bytes": 1000}))
    assert "a page has more bytes than limits.max_page_bytes (1000); raise it if this is meant" in manifest.message


def test_pages_share_one_byte_cap(tmp_path: Path) -> None:
    with serving(endless) as server:
        manifest = pull(paged(tmp_path, server, CURSOR, limits={"max_bytes": 500}))
    assert manifest.state == "failed"
    assert "it sends more than limits.max_bytes (500)" in manifest.message


# Resuming (a checkpoint per page)


def breaking(at_page: int, broken: list[bool]) -> Answer:
    """Simulates an API of 25 records in pages of 10 that is down from a page on while `broken` is set."""

    def answer(request: Request) -> bytes:
        is_down = broken[0] and int(request.query.get("after", "c0")[1:]) >= 10 * (at_page - 1)
        return ok(status="503 Service Unavailable") if is_down else by_cursor(request)

    return answer


NESTED = {"kind": "cursor", "next": "paging.cursors.after", "param": "after", "records": "data"}


@pytest.mark.parametrize("at_page", [2, 3])
def test_interrupted_pull_resumes_with_the_missing_page(tmp_path: Path, slept: list[float], at_page: int) -> None:
    broken = [True]
    with serving(breaking(at_page, broken)) as server:
        exports = paged(tmp_path, server, NESTED)
        assert pull(exports).state == "failed"
        asked_before = len(server.asked)
        broken[0] = False
        manifest = pull(exports)
        again = [request.query.get("after") for request in server.asked[asked_before:]]
    assert again == [f"c{10 * number}" for number in range(at_page - 1, 3)]
    assert handles(exports, manifest) == [record["handle"] for record in RECORDS]
    assert not list(exports.settings.landing.rglob(".unfinished*"))


def test_checkpoints_of_interrupted_pull_do_not_change_landed_bytes(tmp_path: Path, slept: list[float]) -> None:
    broken = [True]
    with serving(breaking(2, broken)) as server:
        exports = paged(tmp_path / "a", server, NESTED)
        pull(exports)
        broken[0] = False
        assert pull(exports).content == pull(paged(tmp_path / "b", server, NESTED)).content


@pytest.mark.parametrize("harm", ["answer", "journal", "line", "old", "gone"])
def test_modified_checkpoint_is_pulled_again(
    tmp_path: Path, slept: list[float], harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [True]
    with serving(breaking(3, broken)) as server:
        exports = paged(tmp_path, server, NESTED)
        pull(exports)
        (left,) = exports.settings.landing.rglob(".unfinished*")
        journal = left / pages.JOURNAL
        expected = ["c0", "c10", "c20"]
        if harm == "answer":
            (left / "answer-000001.json").write_bytes(b"{}")
        elif harm == "gone":
            (left / "answer-000002.json").unlink()
        elif harm == "journal":
            journal.write_text("nonsense\n" + journal.read_text())
        elif harm == "line":
            journal.write_text(journal.read_text()[:-20])
            expected = ["c10", "c20"]
        else:
            monkeypatch.setattr(pages, "_JOURNAL_SECONDS", -1)
        broken[0], before = False, len(server.asked)
        manifest = pull(exports)
    assert [request.query.get("after", "c0") for request in server.asked[before:]] == expected
    assert handles(exports, manifest) == [record["handle"] for record in RECORDS]


def test_expired_cursor_restarts_from_the_first_page(tmp_path: Path, slept: list[float]) -> None:
    broken = [True]
    gone = [False]

    def answer(request: Request) -> bytes | Iterable[bytes]:
        if gone[0] and request.query.get("after") == "c10":
            gone[0] = False
            return ok(status="410 Gone")
        return breaking(2, broken)(request)

    with serving(answer) as server:
        exports = paged(tmp_path, server, NESTED)
        pull(exports)
        broken[0], gone[0], before = False, True, len(server.asked)
        manifest = pull(exports)
    assert [request.query.get("after", "c0") for request in server.asked[before:]] == ["c10", "c0", "c10", "c20"]
    assert manifest.state == "complete"


def test_killed_pull_resumes_at_its_page(tmp_path: Path) -> None:
    """Kills the real command while it waits for page 3, and checks that only that page is requested twice."""

    def answer(request: Request) -> bytes:
        if request.query.get("after") == "c20" and len(server.asked) == 3:
            server.stopped.wait(60)
        return by_cursor(request)

    with serving(answer) as server:
        exports = paged(tmp_path, server, NESTED, shape="api")
        exports.sources()
        program = (
            "import sys; from pathlib import Path; from datetime import date; from assets.landing import store; from schemas.config import sources_file\n"
            "loaded = sources_file.load(Path(sys.argv[1])); (a,) = loaded.sources\n"
            "store.land(a, loaded.shape(a), date.fromisoformat(sys.argv[2]), landing=Path(sys.argv[3]), "
            "folder=Path('.'), force=False)"
        )
        command = [
            sys.executable,
            "-c",
            program,
            str(tmp_path / "sources.yaml"),
            str(DAY),
            str(exports.settings.landing),
        ]
        with subprocess.Popen(command) as killed:
            while len(server.asked) < 3:
                assert killed.poll() is None
                time.sleep(0.01)
            killed.send_signal(signal.SIGKILL)
        assert pull(exports).state == "complete"
    assert [request.query.get("after", "c0") for request in server.asked] == ["c0", "c10", "c20", "c20"]


def test_concurrent_pulls_do_not_share_pages(tmp_path: Path) -> None:
    exports_of: list[Exports] = []
    second: list[Any] = []

    def answer(request: Request) -> bytes:
        if request.query.get("after") == "c10" and not second:
            second.append(None)
            second[0] = pull(exports_of[0])
        return by_cursor(request)

    with serving(answer) as server:
        exports_of.append(paged(tmp_path, server, NESTED))
        first = pull(exports_of[0])
    assert first.content == second[0].content
    assert not list(exports_of[0].settings.landing.rglob(".*"))


# Secrets in links, and other hosts


@pytest.mark.parametrize("kind", ["next_link", "link_header"])
def test_link_with_secret_is_followed_and_stored_only_in_landed_bytes(
    tmp_path: Path, slept: list[float], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "canary+/=nightingale"
    monkeypatch.setenv("KEY", value)
    down = [True]

    def answer(request: Request) -> bytes:
        page = int(request.query.get("p", "1"))
        if page == 3 and down[0]:
            return ok(status="503 Service Unavailable")
        link = f"{server.url}/api?token=canary%2B%2F%3Dnightingale&p={page + 1}" if page < 4 else None
        if kind == "next_link":
            return as_json({"data": [{"handle": str(page)}], "next": link})
        return as_json({"data": [{"handle": str(page)}]}, **({"Link": f'<{link}>; rel="next"'} if link else {}))

    with serving(answer) as server:
        keys = {"next": "next"} if kind == "next_link" else {}
        exports = paged(tmp_path, server, {"kind": kind, "records": "data", **keys}, params={"token": "${KEY}", "v": 2})
        assert pull(exports).state == "failed"
        if kind == "link_header":
            assert b"nightingale" not in everything_on_disk(tmp_path / "home")
        down[0], before = False, len(server.asked)
        manifest = pull(exports)
    assert handles(exports, manifest) == ["1", "2", "3", "4"]
    assert [request.query.get("p") for request in server.asked[before:]] == ["3", "4"]
    assert all((request.query["token"], request.query["v"]) == (value, "2") for request in server.asked)
    assert b"nightingale" not in (exports.settings.landing / f"a/{DAY}/manifests/0001.json").read_bytes()


def test_next_page_on_another_host_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "canarynightingale")
    with (
        serving(lambda _: as_json({"data": RECORDS[2:3], "next": None})) as other,
        serving(lambda _: as_json({"data": RECORDS[:2], "next": other.url + "/two?p=2"})) as server,
    ):
        paging = {"kind": "next_link", "next": "next", "records": "data"}
        exports = paged(tmp_path, server, paging, params={"token": "${KEY}"}, headers={"X-Api-Key": "${KEY}"})
        assert handles(exports, pull(exports)) == ["h0", "h1", "h2"]
    (request,) = other.asked
    assert request.query == {"p": "2"}
    assert "x-api-key" not in request.headers


# Pure functions


@pytest.mark.parametrize(
    "path, found",
    [("a.b", 1), ("a.c.1.d", 2), ("a.c.9.d", None), ("a.x", None), ("a.b.c", None), ("", None), ("a.c.-1", None), ("a.c.²", None)],
)  # fmt: skip
def test_path_selects_a_value_of_the_response(path: str, found: object) -> None:
    assert at({"a": {"b": 1, "c": [{"d": 0}, {"d": 2}]}}, path) == found


@pytest.mark.parametrize("cursor, follows", [(0, True), ("0", True), ("", False), (None, False), (False, False)])
def test_a_cursor_may_be_a_number(cursor: object, follows: bool) -> None:  # noqa: FBT001 - a column of the table
    asked = following(Paging(kind="cursor", next="n", param="c"), Ask("http://x"), Page({"n": cursor}, None, 1, 0))
    assert (asked is not None) == follows
    posted = Ask("http://x", body={"q": 1})
    asked = following(Paging(kind="cursor", next="n", param="c"), posted, Page({"n": 5}, None, 1, 0))
    assert asked
    assert asked.body == {"q": 1, "c": 5}


def test_url_parameter_is_replaced_and_not_duplicated() -> None:
    ask: Callable[[str], str] = lambda url: Ask(url, {"a": "9", "b": "ü&"}).with_param("p", 3).address  # noqa: E731
    assert ask("http://x/y?a=1&p=2#z") == "http://x/y?a=1&b=%C3%BC%26&p=3"
    assert ask("http://x/y") == "http://x/y?a=9&b=%C3%BC%26&p=3"
