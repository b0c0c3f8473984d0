"""Sends one file to every client, as fast as the kernel can: `python -m benchmarks.pull.server FILE`.

Prints its port.
"""

import socketserver
import sys
from pathlib import Path
from typing import ClassVar


class _Handler(socketserver.BaseRequestHandler):
    file: ClassVar[Path]

    def handle(self) -> None:
        """Answers one request."""
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += self.request.recv(65536)
        with self.file.open("rb") as content:
            size = self.file.stat().st_size
            self.request.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode())
            self.request.sendfile(content)


def main() -> None:
    """Serves on 127.0.0.1 until it is terminated."""
    _Handler.file = Path(sys.argv[1])
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
