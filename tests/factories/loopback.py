"""Servers on loopback that send the bytes of a test, and record the requests.

Belongs here: sockets and HTTP messages. Does not: the subject of any test.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """A request of a client."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request], bytes | Iterable[bytes]]


@dataclass
class Loopback:
    """A server; `asked` are the requests so far, `connections` counts connections, even those without a request."""

    answer: Answer
    host: str = "127.0.0.1"
    asked: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Returns its address, without a path."""
        return f"http{'s' if self.tls else ''}://{self.host}:{self.port}"

    def paths(self) -> list[str]:
        """Returns the requested paths, in order."""
        return [request.path for request in self.asked]


def ok(
    body: bytes = b"",
    *,
    status: str = "200 OK",
    framing: str = "length",
    headers: Mapping[str, str] | None = None,
    **more: str,
) -> bytes:
    """Builds a response; underscores in the names of headers stand for hyphens.

    Args:
        body: Its body.
        status: Code and reason phrase.
        framing: Framing of the body: length, chunked or close.
        headers: Headers other than those of framing.
        more: Further headers.
    """
    headers = {**(headers or {}), **more}
    if framing == "length":
        headers["Content_Length"] = str(len(body))
    if framing == "chunked":
        headers["Transfer_Encoding"] = "chunked"
        pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{lines}\r\n".encode() + body


def as_json(document: object, **headers: str) -> bytes:
    """Builds a response of JSON."""
    return ok(json.dumps(document).encode(), headers={"Content_Type": "application/json", **headers})


@contextmanager
def serving(answer: Answer, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serves this response, or several pieces of one, to each request, and then closes."""
    server = Loopback(answer, host, tls=tls)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, 0))
        listener.listen(64)
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _accept(listener: socket.socket, server: Loopback) -> None:
    while not server.stopped.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        threading.Thread(target=_converse, args=(connection, server), daemon=True).start()


def _converse(plain: socket.socket, server: Loopback) -> None:
    try:
        connection = server.tls.wrap_socket(plain, server_side=True) if server.tls else plain
    except OSError:
        plain.close()
        return
    with connection:
        try:
            request = _request(connection)
            if request is None:
                return
            server.asked.append(request)
            said = server.answer(request)
            for piece in [said] if isinstance(said, bytes) else said:
                connection.sendall(piece)
                if server.stopped.is_set():
                    return
            connection.shutdown(socket.SHUT_WR)
            # Closing with unread data would reset the connection before the response is read.
            connection.settimeout(1)
            while connection.recv(65536):
                pass
        except OSError:
            return


def _request(connection: socket.socket) -> Request | None:
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            return None
        head += received
    head, _, body = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)


def in_turn(answers: Iterable[bytes | Answer | Mapping[str, object]]) -> Answer:
    """Returns one response after the other; the last one for all following requests."""
    left = list(answers)

    def answer(request: Request) -> bytes | Iterable[bytes]:
        current = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(current, bytes):
            return current
        return as_json(current) if isinstance(current, Mapping) else current(request)

    return answer
