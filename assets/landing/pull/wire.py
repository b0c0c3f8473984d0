"""Sockets of one pull: restricted in destination, and closed at the deadline.

Belongs here: the level below `requests`, where connections are opened. Does not: requests and responses.
"""

import ipaddress
import socket
import threading
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from assets.landing.pull.errors import PullError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Returns whether an IP address is public, including embedded forms of IPv4 in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            hidden = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
    return ip.is_global and not ip.is_multicast


def resolved(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Resolves a host to IP addresses.

    Raises:
        PullError: One of them is private, loopback or link-local, and none of these is allowed.
        OSError: The name does not resolve.
    """
    found = list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    private = [] if allow_private else [address for address in found if not is_public(address)]
    if private:
        raise PullError(
            f"{host} is at {private[0]}, which is no public address; set allow_private: true if this is meant"
        )
    return found


class Wire:
    """Opens the sockets of one pull, and shuts all of them at its deadline.

    Timeouts of sockets are per read, so an occasional byte keeps a connection alive for ever. Here a timer outside of
    the reading thread ends it in any phase: connecting, the TLS handshake, headers, or the body.
    """

    def __init__(self, *, allow_private: bool, seconds: float) -> None:
        self._allow_private = allow_private
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def seconds_left(self) -> float:
        """Returns the seconds to the deadline; below 0 after it."""
        return self._end - time.monotonic()

    def connect(self, host: str, port: int, timeout: Any, options: Any) -> socket.socket:
        """Connects to an address that was checked, so that a later change of DNS has no effect.

        Raises:
            PullError: The host is not public, and must be.
            OSError: It cannot be reached.
        """
        failure = OSError("no address")
        for address in resolved(host, port, allow_private=self._allow_private):
            try:
                opened = create_connection((address, port), timeout, socket_options=options)
            except OSError as error:
                failure = error
                continue
            with self._lock:
                # Shutting down a duplicate shuts down the connection, also once TLS has taken over the original.
                self._sockets.append(opened.dup())
            if self.seconds_left <= 0:
                self._shut()
            return opened
        raise failure

    def close(self) -> None:
        """Stops the timer and releases the sockets."""
        self._timer.cancel()
        with self._lock:
            for duplicate in self._sockets:
                duplicate.close()
            self._sockets.clear()

    def _shut(self) -> None:
        with self._lock:
            for duplicate in self._sockets:
                try:
                    duplicate.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is closed already


class WireAdapter(HTTPAdapter):
    """Sends the requests of a session over a wire, without retries of its own."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        """Creates the pools, whose connections use the wire."""
        super().init_poolmanager(*arguments, **keywords)
        wire = self._wire

        class Plain(_Wired, HTTPConnection):
            _wire = wire

        class Encrypted(_Wired, HTTPSConnection):
            _wire = wire

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}


class _Wired(HTTPConnection):
    _wire: Wire

    def _new_conn(self) -> socket.socket:
        """Replaces urllib3's method, which resolves the name by itself."""
        try:
            return self._wire.connect(self.host, self.port or self.default_port, self.timeout, self.socket_options)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting timed out") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
