"""Secrets are shown nowhere, for any outcome of their sources: one run of every outcome.

Single outcomes are tested in detail with the pull (`test_http_pull`, `test_paging`, `test_object_store`,
`test_postgres`).
"""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.factories.command import Command
from tests.factories.loopback import Request, as_json, ok, serving

CANARY = "canary+nightingale/of=the 7th"
ROWS = [
    {"platform": "tiktok", "handle": f"h{n}", "followers": 2000, "avg_likes": 90, "avg_comments": 1} for n in range(9)
]


def answer(request: Request) -> bytes | Iterator[bytes]:
    """Responds with every outcome, by path; some repeat their request in the response."""
    said = " ".join([*request.headers.values(), *request.query.values()])
    if request.path == "/good.json":
        return as_json(ROWS)
    if request.path == "/redirect.json":
        return ok(status="302 Found", Location=f"/good.json?token={CANARY.replace(' ', '%20').replace('+', '%2B')}")
    if request.path == "/echo.json":
        return ok(f"<html>401: no such token {said}</html>".encode(), status=f"401 {said[:40]}")
    if request.path == "/slow.json":
        return _slowly()
    if request.path == "/bad.json":
        return ok(b'[{"platform": "tiktok", "handle": ')
    return ok(status="500 Sorry")


def _slowly() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n["
    time.sleep(4)


@pytest.mark.proof
def test_no_pull_outcome_shows_a_secret(smallvoices: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain, serving(answer) as server:
        threading.Thread(target=_refuse_tls, args=(plain,), daemon=True).start()
        endings = {name: f"{server.url}/{name}.json" for name in ("good", "redirect", "echo", "slow", "bad", "down")}
        endings["tls"] = f"https://127.0.0.1:{plain.getsockname()[1]}/x.json"
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        common = (
            "shape: smallvoices, allow_private: true, headers: {Authorization: 'Bearer ${KEY}', X-Api-Key: '${KEY}'}, "
            "params: {k: '${KEY}', day: '{date}'}, limits: {read_seconds: 1, deadline_minutes: 1}, ca_file: ca.pem"
        )
        lines = [f"- {{name: {name}, url: '{url}', {common}}}" for name, url in endings.items()]
        (tmp_path / "sources.yaml").write_text(
            "publish_to: postgresql://someone:${KEY}@127.0.0.1:1/nowhere\nsources:\n" + "\n".join(lines),
            encoding="utf-8",
        )
        night = smallvoices.process("nightly", "--date", "2026-10-31", "--json", KEY=CANARY)
        listed = smallvoices("check", "--date", "2026-10-31", KEY=CANARY)
        forgot = smallvoices("erase", "tiktok", "h1", "--yes", KEY=CANARY)
    assert "PostgreSQL says" in night.err, night.err
    assert (night.code, forgot.code) == (1, 1)
    for name in ("echo", "slow", "bad", "down", "tls"):
        assert f"{name} 2026-10-31: failed" in night.err or f"{name} 2026-10-31: refused" in night.err
    assert "good 2026-10-31: complete" in night.err
    shown = "".join(run.out + run.err for run in (night, listed, forgot)).encode()
    written = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert written.count(b"nightingale") == 0
    assert shown.count(b"nightingale") == 0


def _refuse_tls(plain: socket.socket) -> None:
    """Responds to a TLS greeting with an invalid one."""
    while True:
        try:
            peer, _ = plain.accept()
        except OSError:
            return
        with peer:
            peer.recv(1024)
            peer.sendall(b"220 this is another protocol\r\n")


def test_secret_in_userinfo_of_an_address_is_rejected_unread(smallvoices: Command, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(
        "sources:\n- {name: a, shape: smallvoices, url: 'https://anna:${KEY}@example.com/{date}.csv'}\n",
        encoding="utf-8",
    )
    night = smallvoices("nightly", "--date", "2026-10-31", KEY=CANARY)
    assert night.code == 2
    assert "source 'a': url: a user or password in it is not allowed" in night.err
    assert "nightingale" not in night.out + night.err
    assert not (tmp_path / "home").exists()
