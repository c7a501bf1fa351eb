"""HTTP with a deadline for every response.

A socket timeout only detects silence: a server can reset it for ever with single bytes in headers, interim answers, chunk
sizes or trailers. So the clock is checked before every read of the socket, below http.client, and the socket waits no longer
than the clock allows. Only the body of a file earns more time; see ``Clock``.
"""

from __future__ import annotations

import http.client
import io
import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread
from time import monotonic
from typing import Any

SLOWEST = 1 << 14
"""The least bytes per second of a file, after its first seconds."""
WHOLE = 600
"""Seconds for all files together, in addition to earned ones: one for each file, and one for ``USUAL`` bytes."""
USUAL = 1 << 17
LONGEST = 4 * 3600
"""The limit in seconds for all files together, even if more time was earned."""


_Connect = Callable[..., Any]


class TooSlowError(OSError):
    """The time of a file, or of all files together, is over."""


class OverError(BaseException):
    """The time for all files is over. This is a BaseException, so ``except Exception`` does not catch it."""


def _raise_over(*_: object) -> None:
    raise OverError


class Clock:
    """The time limits of answers; ``most`` is seconds for all files together, None for the earned time.

    The time of one file starts at ``begin`` and includes redirects. ``earn`` counts the bytes of its body. ``way_out`` is
    the advice in the message when the time of all files is over.
    """

    def __init__(self, most: float | None = None, way_out: str = "") -> None:
        self._start = monotonic()
        self._end = self._start + (WHOLE if most is None else most)
        self._earns = most is None
        self._file_end, self._silence = self._end, 0.0
        self._way_out = f"; {way_out}" if way_out else ""

    def begin(self, seconds: float) -> None:
        """Start the time of a file: ``seconds`` until it earns more, which is also the longest silence of the server."""
        self._file_end, self._silence = monotonic() + seconds, seconds

    def earn(self, size: int) -> None:
        """Add time to a file for received bytes of its body."""
        self._file_end += size / SLOWEST
        self._add(size / USUAL)

    def done(self) -> None:
        """Count a complete file."""
        self._add(1)

    def _add(self, seconds: float) -> None:
        if self._earns:
            self._end = min(self._end + seconds, self._start + LONGEST)

    @property
    def is_over(self) -> bool:
        """Whether the time for all files is over."""
        return monotonic() >= self._end

    @property
    def rest(self) -> tuple[float, str]:
        """The seconds that are left for all files, and the advice when they are over."""
        return max(self._end - monotonic(), 0), self._way_out.removeprefix("; ")

    @contextmanager
    def alarm(self) -> Iterator[None]:
        """Interrupt the main thread with OverError when the time for all files is over.

        In another thread, nothing is raised.
        """
        if current_thread() is not main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, _raise_over)
        signal.setitimer(signal.ITIMER_REAL, max(self._end - monotonic(), 1e-6))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def left(self) -> float:
        """Return the seconds that the next read may take. Raises TooSlowError if the time is over."""
        now = monotonic()
        if now >= self._end:
            raise TooSlowError(f"the time for all files together is over{self._way_out}")
        if now >= self._file_end:
            raise TooSlowError("comes too slowly")
        return min(self._silence, self._end - now, self._file_end - now)


class _Timed(io.RawIOBase):
    """A raw reader of a socket with a clock."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, clock: Clock) -> None:
        self._raw, self._sock, self._clock = raw, sock, clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._clock.left())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            self._clock.left()  # raises the error that says which time is over
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, clock: Clock, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, clock))


class _Http(urllib.request.HTTPHandler):
    def __init__(self, connect: _Connect) -> None:
        super().__init__()
        self._connect = connect

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(self._connect, http.client.HTTPConnection), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, connect: _Connect) -> None:
        super().__init__()
        self._connect = connect

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(self._connect, http.client.HTTPSConnection), req)


def _connection(
    clock: Clock, socket_of: _Connect | None, kind: type[http.client.HTTPConnection], *arguments: Any, **options: Any
) -> Any:
    options["timeout"] = clock.left()
    connection = kind(*arguments, **options)
    connection.response_class = partial(_Answer, clock=clock)  # type: ignore[assignment]
    # the place for it in http.client
    connection._create_connection = socket_of or partial(_connected, clock)  # type: ignore[attr-defined]
    return connection


def _connected(clock: Clock, place: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
    """Connect like ``socket.create_connection``, but with one time limit for all addresses of the host."""
    errors: list[OSError] = []
    for *_, found in socket.getaddrinfo(*place, type=socket.SOCK_STREAM):
        seconds = clock.left()
        try:
            return socket.create_connection((str(found[0]), place[1]), seconds, source)
        except OSError as error:
            errors.append(error)
    raise errors[-1] if errors else OSError("the host has no address")


def handlers(clock: Clock, socket_of: _Connect | None = None) -> tuple[urllib.request.BaseHandler, ...]:
    """Return urllib's handlers of http and https, whose answers end by ``clock``.

    ``socket_of`` connects in place of our function.
    """
    connect = partial(_connection, clock, socket_of)
    return _Http(connect), _Https(connect)
