"""HTTP with a clock: whatever a server sends, and however slowly, an answer ends when its time is over.

A timeout of a socket is about silence: a server that sends a byte now and then, in headers, in interim answers, in sizes of
chunks, in trailers, resets it for ever. So the clock is looked at before every read of the socket, below http.client, and
the socket waits no longer than the clock allows. Only the body of a file earns more time, see ``Clock``.
"""

from __future__ import annotations

import http.client
import io
import socket
import urllib.request
from functools import partial
from time import monotonic
from typing import Any

SLOWEST = 1 << 14
"""Bytes a second that a file must come with, once its first seconds are over."""
WHOLE = 600
"""Seconds that all files together have, beside those that they earn: one for each file, and one for ``USUAL`` bytes."""
USUAL = 1 << 17
LONGEST = 4 * 3600
"""Seconds after which nothing more is fetched, whatever was earned."""


class TooSlowError(OSError):
    """The time of a file, or of all files together, is over."""


class Clock:
    """How long answers may take; ``most`` is seconds for all files together, None for what they earn.

    The time of a file is its own from ``begin`` on: redirects are within it. ``earn`` is told the bytes of its body.
    ``way_out`` says what to do where the time of all files is over.
    """

    def __init__(self, most: float | None = None, way_out: str = "") -> None:
        self._start = monotonic()
        self._end = self._start + (WHOLE if most is None else most)
        self._earns = most is None
        self._file_end, self._silence = self._end, 0.0
        self._way_out = f"; {way_out}" if way_out else ""

    def begin(self, seconds: float) -> None:
        """Start the time of a file, which has so many seconds before it earns any; so long may the server be silent."""
        self._file_end, self._silence = monotonic() + seconds, seconds

    def earn(self, size: int) -> None:
        """Give a file time for so many bytes of its body that came."""
        self._file_end += size / SLOWEST
        self._add(size / USUAL)

    def done(self) -> None:
        """Count a file that came whole."""
        self._add(1)

    def _add(self, seconds: float) -> None:
        if self._earns:
            self._end = min(self._end + seconds, self._start + LONGEST)

    @property
    def is_over(self) -> bool:
        """Whether there is no time for any file."""
        return monotonic() >= self._end

    def left(self) -> float:
        """Return the seconds that the next read may take. Raises TooSlowError where there are none."""
        now = monotonic()
        if now >= self._end:
            raise TooSlowError(f"the time for all files together is over{self._way_out}")
        if now >= self._file_end:
            raise TooSlowError("comes too slowly")
        return min(self._silence, self._end - now, self._file_end - now)


class _Timed(io.RawIOBase):
    """What a socket sends, read under a clock."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, clock: Clock) -> None:
        self._raw, self._sock, self._clock = raw, sock, clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._clock.left())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            self._clock.left()  # which says whose time is over
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, clock: Clock, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, clock))


class _Http(urllib.request.HTTPHandler):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_connection, http.client.HTTPConnection, self._clock), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_connection, http.client.HTTPSConnection, self._clock), req)


def _connection(kind: type[http.client.HTTPConnection], clock: Clock, *arguments: Any, **options: Any) -> Any:
    options["timeout"] = clock.left()
    connection = kind(*arguments, **options)
    connection.response_class = partial(_Answer, clock=clock)  # type: ignore[assignment]
    return connection


def handlers(clock: Clock) -> tuple[urllib.request.BaseHandler, ...]:
    """Return urllib's handlers of http and https, whose answers end when ``clock`` says so."""
    return _Http(clock), _Https(clock)
