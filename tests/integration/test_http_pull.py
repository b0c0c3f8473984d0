"""Pulling over HTTP from correct and faulty servers on loopback: landed bytes, rejections, and numbers of requests."""

import gzip
import hashlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from assets.landing import store
from assets.landing.pull import transport, wire
from assets.landing.pull.credentials import Secrets
from assets.landing.store import Manifest, land, newest_complete
from schemas.config.addresses import file_name
from tests.factories.loopback import Answer, Loopback, Request, in_turn, ok, serving
from tests.factories.small_exports import DAY, Exports

CSV = b"platform,handle,followers\ninstagram,x,1000\ninstagram,y,2000\n"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Records the waits between tries, without waiting."""
    waits: list[float] = []
    monkeypatch.setattr(transport, "sleep", waits.append)
    return waits


def source(folder: Path, server: Loopback, path: str = "/{date}.csv", **keys: object) -> Exports:
    """Adds one source `a` at a server."""
    return Exports(folder).source("a", server.url + path, **({"allow_private": True} | keys))


def pull(exports: Exports, day: date = DAY, *, force: bool = False) -> Manifest:
    """Pulls the only source."""
    (manifest,) = exports.land(day, force=force).values()
    return manifest


def landed(exports: Exports, manifest: Manifest) -> list[bytes]:
    """Returns the landed bytes."""
    return [(exports.settings.landing / file.path).read_bytes() for file in manifest.files]


def everything_on_disk(folder: Path) -> bytes:
    """Returns names and bytes of all files below a folder."""
    return b"".join(str(path).encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file())


# Landed responses


def test_export_lands_byte_for_byte(tmp_path: Path) -> None:
    with serving(lambda _: ok(CSV, ETag='"one"')) as server:
        exports = source(tmp_path, server, params={"day": "{date}", "limit": 5}, headers={"X-Team": "a"})
        manifest = pull(exports)
    assert (manifest.state, manifest.message, landed(exports, manifest)) == ("complete", "", [CSV])
    (file,) = manifest.files
    assert (file.sha256, file.bytes, file.etag) == (hashlib.sha256(CSV).hexdigest(), len(CSV), '"one"')
    assert file.path == f"a/{DAY}/{manifest.content}/{DAY}.csv"
    assert file.origin == f"{server.url}/{DAY}.csv?day={DAY}&limit=5"
    (request,) = server.asked
    assert (request.method, request.query) == ("GET", {"day": str(DAY), "limit": "5"})
    assert (request.headers["x-team"], request.headers["accept-encoding"]) == ("a", "identity")


def test_http_export_is_imported_like_a_file(tmp_path: Path) -> None:
    with serving(lambda _: ok(CSV)) as server:
        imported = source(tmp_path, server).run()
    assert imported.accounts("handle", "followers") == [("x", 1000), ("y", 2000)]


@pytest.mark.parametrize(
    "path, headers, name",
    [
        ("/x/{date}.csv", {}, f"{DAY}.csv"),
        ("/export?day={date}", {"Content_Type": "text/csv; charset=utf-8"}, "export.csv"),
        ("/export.php?day={date}", {"Content_Type": "application/x-ndjson"}, "export.php.ndjson"),
        ("/?day={date}", {"Content_Disposition": 'attachment; filename="../../etc/pass wd.csv"'}, "profiles.csv"),
        ("/%2e%2e%2f..%2fx.csv?{date}", {}, "x.csv"),
        ("/a%00b%0a.csv?{date}", {}, "a_b_.csv"),
        ("/{date}.csv.gz", {}, f"{DAY}.csv.gz"),
    ],
)
def test_landed_file_gets_a_valid_name(tmp_path: Path, path: str, headers: dict[str, str], name: str) -> None:
    body = gzip.compress(CSV) if path.endswith("gz") else CSV
    with serving(lambda _: ok(body, headers=headers)) as server:
        exports = source(tmp_path, server, path)
        manifest = pull(exports)
    assert [Path(file.path).name for file in manifest.files] == [name]
    assert all(
        path.is_relative_to(exports.settings.landing) for path in (tmp_path / "home").rglob("*") if path.is_file()
    )


def test_request_body_is_posted_with_the_date(tmp_path: Path) -> None:
    with serving(lambda _: ok(b'[{"handle": "x"}]')) as server:
        manifest = pull(source(tmp_path, server, "/search.json", body={"filter": {"day": ["{date}"]}, "limit": 5}))
    assert manifest.state == "complete"
    (request,) = server.asked
    assert (request.method, json.loads(request.body)) == ("POST", {"filter": {"day": [str(DAY)]}, "limit": 5})


# Cut connections (fault row 11)

FRAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "length": ok,
    "chunked": lambda body: ok(body, framing="chunked"),
    "close": lambda body: ok(body, framing="close"),
    "gzip, length": lambda body: ok(gzip.compress(body, mtime=0), Content_Encoding="gzip"),
    "gzip, close": lambda body: ok(gzip.compress(body, mtime=0), framing="close", Content_Encoding="gzip"),
}
BODIES = {
    "csv": CSV,
    "ndjson": b'{"handle": "x", "followers": 1}\n{"handle": "y", "followers": 2}\n',
    "json": b'[{"handle": "x]", "posts": [1, 2]}, {"handle": "\\"y", "posts": [3]}]',
}


_SHORT = {("csv", "length"), ("ndjson", "close"), ("json", "chunked")}
CUTS = [
    pytest.param(kind, framing, marks=[] if (kind, framing) in _SHORT else pytest.mark.proof)
    for kind in BODIES
    for framing in FRAMINGS
]


@pytest.mark.parametrize("kind, framing", CUTS)
def test_connection_cut_at_every_byte_never_lands_as_complete(
    tmp_path: Path, kind: str, framing: str, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_TRIES", 1)
    whole = FRAMINGS[framing](BODIES[kind])
    cut = [0]
    complete = []
    with serving(lambda _: whole[: cut[0]]) as server:
        exports = source(tmp_path, server, f"/x.{kind}?{{date}}")
        sources = exports.sources()
        (only,) = sources.sources
        for cut[0] in range(len(whole) + 1):
            # One date per cut: the manifests of one date would be read again each time.
            day, root = DAY - timedelta(days=cut[0]), exports.settings.landing
            manifest = land(only, sources.shape(only), day, landing=root, folder=tmp_path, force=False)
            if manifest.state == "complete":
                complete.append(cut[0])
                (body,) = landed(exports, manifest)
                assert (gzip.decompress(body) if "gzip" in framing else body) == BODIES[kind]
    # Of a chunked body only the end of the trailer may be missing. Bodies delimited by the end of the connection have
    # no marker: not even the complete response counts.
    whole_only = [len(whole)]
    missing_trailer = [*range(len(whole) - 4, len(whole) + 1)]
    expected = {"chunked": missing_trailer, "close": whole_only if kind == "json" else []}
    assert complete == expected.get(framing, whole_only)


def test_declared_end_marker_detects_truncation(tmp_path: Path) -> None:
    body = [CSV + b"# end\n"]
    with serving(lambda _: ok(body[0], framing="close")) as server:
        exports = source(tmp_path, server, end_marker="# end\n")
        assert pull(exports).state == "complete"
        for body[0] in (CSV + b"# end", CSV, CSV + b"# en", b""):
            refused = pull(exports, force=True)
            assert (refused.state, landed(exports, refused)) == ("refused", [body[0]])
            assert "was cut short; pull it again" in refused.message


@pytest.mark.parametrize("times", [1, 4])
def test_broken_connection_is_resumed(tmp_path: Path, slept: list[float], times: int) -> None:
    body = bytes(range(256)) * 4096

    def answer(request: Request) -> bytes:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        rest = body[start:]
        tags = {"ETag": '"v1"', "Content_Length": str(len(rest))}
        if start:
            assert request.headers["if-range"] == '"v1"'
            tags["Content_Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        head = ok(status="206 Partial Content" if start else "200 OK", framing="none", headers=tags)
        return head + (rest[:200_000] if len(server.asked) <= times else rest)

    with serving(answer) as server:
        exports = source(tmp_path, server, "/{date}.txt")
        manifest = pull(exports)
    assert (manifest.state, landed(exports, manifest)) == ("complete", [body])
    assert [request.headers.get("range") for request in server.asked] == [
        None, *(f"bytes={200_000 * number}-" for number in range(1, times + 1))
    ]  # fmt: skip
    assert len(slept) == times


@pytest.mark.parametrize(
    "second, told",
    [
        (ok(b"new" * 100, status="206 Partial Content", Content_Range="bytes 5-304/305"), "it answers 206 with another part"),
        (ok(b"new" * 100, status="206 Partial Content"), "it answers 206 with another part"),
        (ok(b"new" * 100, ETag='"v2"'), None),
        (ok(status="416 Range Not Satisfiable"), None),
    ],
)  # fmt: skip
def test_mismatched_partial_content_is_not_appended(
    tmp_path: Path, slept: list[float], second: bytes, told: str | None
) -> None:
    half = ok(b"old" * 100, ETag='"v1"')[:-100]
    with serving(in_turn([half, second, ok(b"new" * 100, ETag='"v2"')])) as server:
        exports = source(tmp_path, server)
        manifest = pull(exports)
    if told:
        assert manifest.state == "failed"
        assert told in manifest.message
    else:
        assert landed(exports, manifest) == [b"new" * 100]


def test_download_without_strong_etag_is_not_resumed(tmp_path: Path, slept: list[float]) -> None:
    now = format_datetime(datetime.now(tz=UTC), usegmt=True)
    for headers in ({}, {"ETag": 'W/"v1"'}, {"Date": now, "Last_Modified": now}):
        with serving(in_turn([ok(CSV, headers=headers)[:-5], ok(CSV)])) as server:
            assert pull(source(tmp_path, server), force=True).state == "complete"
        assert [request.headers.get("range") for request in server.asked] == [None, None]


def test_half_an_export_in_response_to_a_full_request_is_rejected(tmp_path: Path) -> None:
    with serving(lambda _: ok(CSV, status="206 Partial Content", Content_Range="bytes 0-61/100")) as server:
        manifest = pull(source(tmp_path, server))
    assert manifest.state == "failed"
    assert "it answers 206 with another part of the file than it was asked for" in manifest.message
    assert len(server.asked) == 1


# Time (fault row 12)


def drip(server: Loopback, head: bytes, seconds: float) -> Iterator[bytes]:
    """Sends a response byte by byte, forever."""
    yield head
    while not server.stopped.wait(seconds):
        yield b"x"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Endless: ",
        b"",
    ],
    ids=["length", "chunked", "close", "header", "status line"],
)
def test_slow_drip_ends_at_the_deadline(tmp_path: Path, head: bytes) -> None:
    with serving(lambda _: drip(server, head, 0.1)) as server:
        started = time.monotonic()
        manifest = pull(source(tmp_path, server, limits={"deadline_minutes": 1 / 60, "read_seconds": 30}))
        took = time.monotonic() - started
    assert manifest.state == "failed"
    assert "not done after limits.deadline_minutes (0.0166667)" in manifest.message
    assert 0.9 < took < 3
    assert len(server.asked) == 1


@pytest.mark.parametrize("lacking, state", [(0, "complete"), (1, "failed")])
def test_bytes_downloaded_again_after_a_cut_count_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: int, state: str
) -> None:
    monkeypatch.setattr(transport, "sleep", lambda _: None)
    whole = ok(CSV)
    # Without a validator, each try starts from zero.
    with serving(in_turn([whole[:-1], whole[:-1], whole[:-1], whole])) as server:
        manifest = pull(source(tmp_path, server, limits={"max_bytes": len(CSV) - lacking}))
    assert (manifest.state, len(server.asked)) == (state, 4)


def test_endless_body_ends_at_its_cap(tmp_path: Path) -> None:
    def endless(_: Request) -> Iterator[bytes]:
        yield ok(framing="close")
        while True:
            yield b"a,b\n" * 10_000

    with serving(endless) as server:
        manifest = pull(source(tmp_path, server, limits={"max_bytes": 3_000_000}))
    assert manifest.state == "failed"
    assert "it sends more than limits.max_bytes (3,000,000); raise it if this is meant" in manifest.message
    assert len(server.asked) == 1
    assert b"a,b\n" not in everything_on_disk(tmp_path / "home")


def test_body_below_minimum_rate_is_retried_and_abandoned(
    tmp_path: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_SLOW_SECONDS", 0.2)
    with serving(lambda _: drip(server, ok(framing="close"), 0.05)) as server:
        manifest = pull(source(tmp_path, server))
    assert "bytes a second, under limits.min_bytes_per_second; tried 5 times, try again later" in manifest.message
    assert (len(server.asked), len(slept)) == (5, 4)


def test_silence_is_a_timeout(tmp_path: Path, slept: list[float]) -> None:
    def silent(_: Request) -> bytes:
        server.stopped.wait(20)
        return b""

    with serving(silent) as server:
        manifest = pull(source(tmp_path, server, limits={"read_seconds": 0.1}))
    assert "it sends nothing for limits.read_seconds; tried 5 times, try again later" in manifest.message
    assert len(server.asked) == 5


# Tries (fault rows 13 and 14)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    "says, low, high",
    [
        ("2", 2, 3),
        ("in 2 s", 0.5, 4),
        ("in a day", 60, 60),
        ("86400", 60, 60),
        ("9" * 400, 60, 60),
        ("-5", 0.5, 8),
        ("soon", 0.5, 8),
        ("²", 0.5, 8),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.5, 1),
        ("Fri, 99 Foo 99999 99:99:99 GMT", 0.5, 8),
        ("", 0.5, 8),
        (None, 0.5, 8),
    ],
)
def test_retry_after_is_honoured_up_to_a_minute_and_five_tries(
    tmp_path: Path, slept: list[float], status: str, says: str | None, low: float, high: float
) -> None:
    ahead = {"in 2 s": 2.9, "in a day": 86400}
    if says in ahead:
        says = format_datetime(datetime.now(tz=UTC) + timedelta(seconds=ahead[says]), usegmt=True)
    headers = {} if says is None else {"Retry_After": says.encode().decode("latin-1")}
    head = ok(status=status, headers=headers).decode().encode("latin-1")
    with serving(lambda _: head) as server:
        manifest = pull(source(tmp_path, server, limits={"deadline_minutes": 10}))
    assert (manifest.state, len(server.asked), len(slept)) == ("failed", 5, 4)
    assert manifest.message == f"{server.url}/{DAY}.csv: it answers {status}; tried 5 times, try again later"
    assert all(low <= wait <= high for wait in slept), slept


def test_wait_beyond_the_deadline_is_not_begun(tmp_path: Path, slept: list[float]) -> None:
    with serving(lambda _: ok(status="503 Service Unavailable", Retry_After="50")) as server:
        manifest = pull(source(tmp_path, server, limits={"deadline_minutes": 0.5}))
    assert (len(server.asked), slept) == (1, [])
    assert "s would be after limits.deadline_minutes" in manifest.message


TRANSIENT = ["408 Request Timeout", "425 Too Early", "429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout"]  # fmt: skip
PERMANENT = ["204 No Content", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "405 Method Not Allowed", "410 Gone", "501 Not Implemented", "999 "]  # fmt: skip


@pytest.mark.parametrize("status", TRANSIENT)
def test_error_that_may_pass_is_retried(tmp_path: Path, slept: list[float], status: str) -> None:
    with serving(in_turn([ok(status=status), ok(status=status), ok(CSV)])) as server:
        assert pull(source(tmp_path, server)).state == "complete"
    assert (len(server.asked), len(slept)) == (3, 2)


@pytest.mark.parametrize("status", PERMANENT)
def test_error_that_will_not_pass_is_requested_once(tmp_path: Path, slept: list[float], status: str) -> None:
    with serving(in_turn([ok(status=status), ok(CSV)])) as server:
        manifest = pull(source(tmp_path, server))
    assert (manifest.state, len(server.asked), slept) == ("failed", 1, [])
    assert manifest.message.startswith(f"{server.url}/{DAY}.csv: it answers {status.strip()}; ")


@pytest.mark.parametrize("answer", [b"", b"\x00\xff garbage\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n"])
def test_response_with_no_answer_is_retried(tmp_path: Path, slept: list[float], answer: bytes) -> None:
    with serving(in_turn([answer, ok(CSV)])) as server:
        assert pull(source(tmp_path, server)).state == "complete"
    assert len(server.asked) == 2


def test_missing_server_is_reported(tmp_path: Path, slept: list[float]) -> None:
    with serving(lambda _: b"") as server:
        pass
    manifest = pull(source(tmp_path, server))
    assert manifest.message == f"{server.url}/{DAY}.csv: it cannot be reached; tried 5 times, try again later"


def test_pending_response_is_polled_until_ready(tmp_path: Path, slept: list[float]) -> None:
    not_ready = ok(b'{"status": "NOT_READY"}', status="202 Accepted")
    later = ok(status="202 Accepted", Retry_After="7")
    with serving(in_turn([*[not_ready] * 8, later, ok(CSV)])) as server:
        manifest = pull(source(tmp_path, server, limits={"poll_seconds": 20}))
    assert (manifest.state, len(server.asked)) == ("complete", 10)
    assert all(20 <= wait <= 21 for wait in slept[:8])
    assert 7 <= slept[8] <= 8


def test_polling_ends_at_the_deadline(tmp_path: Path) -> None:
    with serving(lambda _: ok(status="202 Accepted")) as server:
        manifest = pull(source(tmp_path, server, limits={"poll_seconds": 0.1, "deadline_minutes": 1 / 40}))
    assert manifest.state == "failed"
    assert "it answers 202 Accepted: not ready yet; " in manifest.message
    assert 1 <= len(server.asked) <= 4


def test_requests_are_spaced_by_the_minimum_interval(tmp_path: Path, slept: list[float]) -> None:
    with serving(lambda _: ok(b"[]" if _.path == "/p.json" else b"[{}]")) as server:
        exports = source(
            tmp_path, server, "/{date}.json", posts_url=server.url + "/p.json", limits={"requests_per_minute": 30}
        )
        pull(exports)
    assert len(server.asked) == 2
    assert [round(wait) for wait in slept] == [2]


# Request targets (fault row 15)

SECRETS = {"Authorization": "Bearer ${KEY}", "X-Api-Key": "${KEY}", "Cookie": "session=${KEY}", "Proxy-Authorization": "${KEY}", "X-Auth-Token": "${KEY}", "Api-Key": "${KEY}"}  # fmt: skip


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """Sets a secret in the environment."""
    value = "canary+/=nightingale 9\"'"
    monkeypatch.setenv("KEY", value)
    return value


def shows_key(content: bytes) -> bool:
    """Reports whether the part of the secret that quoting does not change is in some bytes."""
    return b"nightingale" in content


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_secret_goes_to_another_host(tmp_path: Path, key: str, status: int) -> None:
    with (
        serving(lambda _: ok(CSV)) as other,
        serving(lambda _: ok(status=f"{status} Moved", Location=other.url + "/x.csv", Set_Cookie="a=b")) as server,
    ):
        exports = source(tmp_path, server, headers=SECRETS, params={"key": "${KEY}"})
        assert pull(exports).state == "complete"
    (asked,) = server.asked
    assert [asked.headers[name.lower()].endswith(key) for name in SECRETS] == [True] * 6
    assert asked.query == {"key": key}
    (forwarded,) = other.asked
    assert sum(name.lower() in forwarded.headers for name in SECRETS) == 0
    assert not any(shows_key(value.encode()) for value in [*forwarded.headers.values(), *forwarded.query.values()])
    assert not shows_key(everything_on_disk(tmp_path / "home"))


def test_redirect_on_the_same_host_keeps_headers(tmp_path: Path, key: str) -> None:
    def answer(request: Request) -> bytes:
        return ok(CSV) if request.path == "/there" else ok(status="302 Found", Location="/there")

    with serving(answer) as server:
        assert pull(source(tmp_path, server, headers=SECRETS)).state == "complete"
    assert [request.headers["x-api-key"] for request in server.asked] == [key, key]


@pytest.mark.parametrize(
    "location, told, asked",
    [
        ("file:///etc/passwd", "it redirects to a file:// address; allowed: http and https", 1),
        ("ftp://example.org/x", "it redirects to a ftp:// address; allowed: http and https", 1),
        ("/{path}", "it redirects in a circle; correct the address", 1),
        ("/a", "it redirects in a circle; correct the address", 2),
        ("/more{count}", "it redirects more than 5 times; correct the address", 6),
        ("http://[nonsense", "it", 1),
    ],
)
def test_redirect_without_target_is_reported(tmp_path: Path, location: str, told: str, asked: int) -> None:
    def answer(request: Request) -> bytes:
        target = location.replace("{path}", request.path[1:]).replace("{count}", str(len(server.asked)))
        return ok(status="302 Found", Location=target)

    with serving(answer) as server:
        manifest = pull(source(tmp_path, server))
    assert manifest.message.startswith(f"{server.url}/{DAY}.csv: {told}")
    assert (manifest.state, len(server.asked)) == ("failed", asked)


PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "0", "10.0.0.1", "172.16.3.4", "192.168.0.1",
    "169.254.169.254", "100.64.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_private_address_is_refused_before_connecting(tmp_path: Path, host: str) -> None:
    with serving(lambda _: ok(CSV)) as server:
        exports = Exports(tmp_path).source("a", f"http://{host}:{server.port}/{{date}}.csv")
        manifest = pull(exports)
    assert manifest.state == "failed"
    assert "which is no public address; set allow_private: true if this is meant" in manifest.message
    assert server.connections == 0


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Resolves `example.test` to these addresses, one look-up after the other; returns the look-ups."""
    real, left, looked_up = socket.getaddrinfo, list(answers), []

    def getaddrinfo(host: object, *arguments: Any, **keywords: Any) -> list[Any]:
        if host == "example.test":
            looked_up.append(str(host))
            host = left.pop(0) if len(left) > 1 else left[0]
        return real(host, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up


def test_checked_address_is_the_connected_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slept: list[float]
) -> None:
    # Public on the first look-up, and this machine on all later ones.
    looked_up = resolving(monkeypatch, "192.0.9.1", "127.0.0.1")
    connected: list[object] = []

    def refuse(address: object, *_: Any, **__: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(wire, "create_connection", refuse)
    with serving(lambda _: ok(CSV)) as server:
        exports = Exports(tmp_path).source("a", f"http://example.test:{server.port}/{{date}}.csv")
        manifest = pull(exports)
    assert manifest.state == "failed"
    assert connected == [("192.0.9.1", server.port)]
    assert "example.test is at 127.0.0.1, which is no public address" in manifest.message
    assert (len(looked_up), server.connections) == (2, 0)


def test_host_with_one_private_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, port, **keys: real("192.0.9.1", port, **keys) + real("127.0.0.1", port, **keys)
    )
    with serving(lambda _: ok(CSV)) as server:
        manifest = pull(Exports(tmp_path).source("a", f"http://example.test:{server.port}/{{date}}.csv"))
    assert (manifest.state, server.connections) == ("failed", 0)


def test_redirect_to_a_private_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first host counts as public here; its redirect target is private.
    monkeypatch.setattr(wire, "is_public", lambda address: address == "127.0.0.2")
    with (
        serving(lambda _: ok(CSV)) as inside,
        serving(lambda _: ok(status="302 Found", Location=inside.url), host="127.0.0.2") as server,
    ):
        manifest = pull(source(tmp_path, server, allow_private=False))
    assert (manifest.state, len(server.asked), inside.connections) == ("failed", 1, 0)
    assert "127.0.0.1 is at 127.0.0.1, which is no public address" in manifest.message


def test_proxies_and_netrc_of_the_environment_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(lambda _: ok(b"proxied")) as proxy, serving(lambda _: ok(CSV)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert pull(source(tmp_path, server)).state == "complete"
    assert proxy.connections == 0
    assert "authorization" not in server.asked[0].headers


# TLS


@pytest.fixture
def authority() -> trustme.CA:
    """Creates a certificate authority that clients trust only if configured."""
    return trustme.CA()


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Returns the TLS context of a server with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_tls_export_with_trusted_certificate_lands(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(lambda _: ok(CSV), tls=certified(authority, "127.0.0.1")) as server:
        exports = source(tmp_path, server, ca_file="ca.pem")
        manifest = pull(exports)
        refused = pull(Exports(tmp_path / "b").source("a", server.url + "/{date}.csv"))
    assert (manifest.message, landed(exports, manifest)) == ("", [CSV])
    assert "which is no public address" in refused.message
    assert server.connections == 1


@pytest.mark.parametrize("name, trusts", [("127.0.0.1", False), ("example.org", True)])
def test_untrusted_certificate_is_refused_without_retry(
    tmp_path: Path,
    authority: trustme.CA,
    slept: list[float],
    name: str,
    trusts: bool,  # noqa: FBT001 - a column
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(lambda _: ok(CSV), tls=certified(authority, name)) as server:
        manifest = pull(source(tmp_path, server, **({"ca_file": "ca.pem"} if trusts else {})))
    assert manifest.message == f"{server.url}/{DAY}.csv: its certificate or encryption cannot be trusted"
    assert (server.asked, slept, server.connections) == ([], [], 1)


def test_encrypted_drip_ends_at_the_deadline(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(lambda _: drip(server, ok(framing="close"), 0.1), tls=certified(authority, "127.0.0.1")) as server:
        started = time.monotonic()
        manifest = pull(source(tmp_path, server, ca_file="ca.pem", limits={"deadline_minutes": 1 / 60}))
    assert "not done after limits.deadline_minutes" in manifest.message
    assert time.monotonic() - started < 5


def test_redirect_from_https_to_http_is_refused(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    moved = ok(status="302 Found", Location="http://127.0.0.1:1/")
    with serving(lambda _: moved, tls=certified(authority, "127.0.0.1")) as server:
        manifest = pull(source(tmp_path, server, ca_file="ca.pem"))
    assert "it redirects from https to http, which anyone on the way can read and change" in manifest.message
    assert len(server.asked) == 1


# Secrets (fault row 25)


def test_unset_secret_fails_only_its_source(tmp_path: Path, key: str) -> None:
    with serving(lambda _: ok(CSV)) as server:
        exports = source(tmp_path, server, headers={"X-Api-Key": "${NO_SUCH_KEY}"})
        exports.source("b", server.url + "/{date}.csv", allow_private=True, headers={"X-Api-Key": "${KEY}"})
        manifests = exports.land()
    assert manifests["a"].state == "failed"
    assert manifests["a"].message == "environment variable NO_SUCH_KEY is not set; set it where the nightly run starts"
    assert manifests["b"].state == "complete"
    assert [request.headers["x-api-key"] for request in server.asked] == [key]


@pytest.mark.parametrize(
    "answer",
    [
        ok(CSV),
        ok(status="401 Unauthorized"),
        ok(status="302 Found", Location="http://127.0.0.1:1/"),
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        ok(b"<html>"),
    ],
    ids=["well", "401", "redirect", "nothing", "cut", "html"],
)
def test_secret_is_in_no_file_message_or_log(
    tmp_path: Path, key: str, slept: list[float], caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    caplog.set_level(0)
    with serving(lambda _: answer) as server:
        exports = source(tmp_path, server, "/{date}/${KEY}?token=${KEY}", headers=SECRETS, params={"sig": "x-${KEY}"})
        manifest = pull(exports)
    assert all(request.query == {"token": key, "sig": f"x-{key}"} for request in server.asked)
    assert not shows_key(everything_on_disk(tmp_path / "home"))
    assert not shows_key(f"{manifest} {caplog.text}".encode())


@pytest.mark.parametrize("secret", ["a\r\nHost: evil", "a\x00b", "ключ"])
def test_secret_invalid_in_a_header_is_reported_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    if "\x00" in secret:
        secret = secret.replace("\x00", "\x07")  # the environment holds no zero bytes
    monkeypatch.setenv("KEY", secret)
    with serving(lambda _: ok(CSV)) as server:
        manifest = pull(source(tmp_path, server, headers={"X-Api-Key": "${KEY}"}))
    assert (manifest.state, server.asked) == ("failed", [])
    assert secret not in manifest.message


# Landed before (fault row 17)


def tagged(body: bytes, tag: str = '"v1"') -> Answer:
    """Serves an export with an ETag, and not again to clients that have it."""

    def answer(request: Request) -> bytes:
        if request.headers.get("if-none-match") == tag:
            return ok(status="304 Not Modified", ETag=tag, framing="none")
        return ok(body, ETag=tag)

    return answer


def test_unchanged_export_is_not_fetched_twice(tmp_path: Path) -> None:
    with serving(tagged(CSV)) as server:
        exports = source(tmp_path, server)
        first, second = pull(exports), pull(exports, force=True)
    assert [request.headers.get("if-none-match") for request in server.asked] == [None, '"v1"']
    assert (second.content, second.files, second.sequence) == (first.content, first.files, 2)


def test_unchanged_export_without_history_lands_again_on_the_next_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tagged(CSV)) as server:
        exports = source(tmp_path, server, "/now.csv", history="current")
        for day in (DAY, DAY + timedelta(days=1)):
            monkeypatch.setattr(store, "yesterday", lambda day=day: day)
            manifest = pull(exports, day)
            assert landed(exports, manifest) == [CSV]
    assert [request.headers.get("if-none-match") for request in server.asked] == [None, '"v1"']


def test_hash_decides_between_two_bodies_of_one_tag(tmp_path: Path) -> None:
    other = CSV.replace(b"1000", b"5000")
    with serving(in_turn([ok(CSV, ETag='"v1"'), ok(other, ETag='"v1"')])) as server:
        exports = source(tmp_path, server)
        first, second = pull(exports), pull(exports, force=True)
    assert first.content != second.content
    assert landed(exports, second) == [other]


def test_landed_bytes_that_have_changed_are_not_reused(tmp_path: Path) -> None:
    with serving(tagged(CSV)) as server:
        exports = source(tmp_path, server)
        first = pull(exports)
        path = exports.settings.landing / first.files[0].path
        path.write_bytes(b"rotten")
        path.parent.rename(path.parent.with_name("0" * 16))
        manifest = path.parents[1] / "manifests/0001.json"
        manifest.write_text(manifest.read_text().replace(first.content, "0" * 16))
        second = pull(exports, force=True)
    assert [request.headers.get("if-none-match") for request in server.asked] == [None, '"v1"', None]
    assert landed(exports, second) == [CSV]


def test_nothing_changed_is_no_answer_to_an_unconditional_request(tmp_path: Path) -> None:
    with serving(lambda _: ok(status="304 Not Modified", framing="none")) as server:
        manifest = pull(source(tmp_path, server))
    assert manifest.message.endswith("it answers 304 Not Modified to a request without a condition")


# Responses that are no exports (fault rows 18 and 19)

ZSTD_BOMB: bytes = pa.Codec("zstd").compress(bytes(100 * 2**20), asbytes=True)


@pytest.mark.parametrize(
    "answer, told",
    [
        (ok(b"<!doctype html><title>Log in</title>", Content_Type="text/html"), "is a web page, not an export"),
        (ok(b'{"error": "expired"}', Content_Type="application/json"), "is JSON, and shape smallvoices reads CSV"),
        (ok(b""), "is empty; ask for the export of this date and pull again"),
        (ok(b"", framing="close"), "is empty; ask for the export of this date and pull again"),
        (
            ok(gzip.compress(bytes(100 * 2**20), mtime=0)),
            "expands to more times its size than limits.max_ratio (100); raise it if this is meant",
        ),
        (ok(ZSTD_BOMB), "expands to more times its size than limits.max_ratio (100); raise it if this is meant"),
    ],
    ids=["html", "json", "empty", "empty, close", "bomb", "zstd bomb"],
)
def test_response_that_is_no_export_is_refused_and_kept(tmp_path: Path, answer: bytes, told: str) -> None:
    started = time.monotonic()
    with serving(lambda _: answer) as server:
        exports = source(tmp_path, server)
        manifest = pull(exports)
    assert (manifest.state, landed(exports, manifest)) == ("refused", [answer.partition(b"\r\n\r\n")[2]])
    assert told in manifest.message
    assert newest_complete(exports.settings.landing, "a", DAY) is None
    assert time.monotonic() - started < 10


def test_unrequested_content_encoding_is_refused(tmp_path: Path) -> None:
    with serving(lambda _: ok(b"\x0b\x02\x80abc\x03", Content_Encoding="br")) as server:
        manifest = pull(source(tmp_path, server))
    assert manifest.message.endswith("it sends Content-Encoding 'br', which was not asked for and is not read")
    assert len(server.asked) == 1


# Changed URLs


def test_changed_url_of_a_landed_date_is_reported(tmp_path: Path) -> None:
    with serving(lambda _: ok(CSV)) as server:
        first = pull(source(tmp_path, server))
        moved = source(tmp_path, server, "/other/{date}.csv")
        assert pull(moved) == first
        (there,) = source(tmp_path, server).sources().sources
        (elsewhere,) = moved.sources().sources
    assert store.changed_addresses(first, there) is None
    assert store.changed_addresses(first, elsewhere) == (
        f"landed from {server.url}/{DAY}.csv (profiles), and sources.yaml has another address since; pull it with --force"
    )


# Arbitrary responses


@given(st.text() | st.from_regex(r"[ -]?[0-9]+", fullmatch=True))
def test_retry_after_parses_to_a_time_or_none(text: str) -> None:
    wait = transport.retry_after(text)
    assert wait is None or 0 <= wait <= 60


@given(st.text(), st.dictionaries(st.sampled_from(["Content-Disposition", "Content-Type"]), st.text()))
def test_any_url_and_headers_give_a_name_inside_the_folder(path: str, headers: dict[str, str]) -> None:
    disposition = f'attachment; filename="{headers.get("Content-Disposition", "")}"'
    name = file_name(f"http://x/{path}", headers | {"Content-Disposition": disposition}, "profiles")
    assert name == Path(name).name
    assert not name.startswith(".")
    assert 0 < len(name.encode()) < 200


@given(st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0xFF), min_size=1))
def test_secret_is_hidden_in_every_encoded_form(value: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KEY", value)
        secrets = Secrets("${KEY}")
    for said in (value, secrets.fill_address("http://x/?k=${KEY}&v"), json.dumps(value), repr(value)):
        hidden = secrets.hide(f"{said} said")
        assert "${KEY}" in hidden
        assert len(value) < 4 or value not in hidden
    assert secrets.fill({"a": ["x${KEY}"]}) == {"a": ["x" + value]}
