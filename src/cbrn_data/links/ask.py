"""Request pages to check that they exist: each page once, few hosts at a time, and each host slowly.

A page is requested with HEAD, which costs its server least. If HEAD fails, GET follows, because some servers answer HEAD
with an error; no body is read. A page that did not answer is retried at the end. Servers are not trusted: each has limited
time (see ``deadline``), a redirect to another origin is followed to public hosts only, and after several pages without an
answer, the other pages of a host are not requested. The addresses in rows are requested as they are.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from cbrn_data.deadline import LONGEST, Clock, TooSlowError
from cbrn_data.fetch import SILENT_AT_MOST
from cbrn_data.findings import shown
from cbrn_data.progress import step
from cbrn_data.web import AGENT, TIMEOUT, is_public_host, is_public_number, opener, origin

THERE, MOVED, GONE, UNREACHABLE, REFUSED = "there", "moved", "gone", "unreachable", "refused"
RESULTS = (THERE, MOVED, GONE, UNREACHABLE, REFUSED)

AT_ONCE = 8
"""Number of hosts that are requested at a time."""
PAUSE = 1.0
"""Seconds between two requests to one host."""

_TOO_MANY = 429


@dataclass(frozen=True)
class Answer:
    """The result for a page: one of ``RESULTS``, the reason, and the target of its redirects (None without redirects)."""

    address: str
    result: str
    detail: str
    leads_to: str | None = None


def ask_pages(
    addresses: Iterable[str],
    pause: float = PAUSE,
    timeout: float = TIMEOUT,
) -> dict[str, Answer]:
    """Request each address and return its answer.

    ``pause`` and ``timeout`` are seconds: between requests to a host, and for one page with its redirects.
    """
    by_host: dict[str, list[str]] = defaultdict(list)
    for address in sorted(set(addresses)):
        by_host[_host(address)].append(address)
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        with step("Ask for pages", sum(map(len, by_host.values()))) as asking:
            hosts = [(_Host(pause, timeout), pages) for pages in by_host.values()]
            asked = [pool.submit(copy_context().run, host.ask_all, pages, asking.advance) for host, pages in hosts]
            answers = {answer.address: answer for each in asked for answer in each.result()}
    finally:
        pool.shutdown(cancel_futures=True)
    return dict(sorted(answers.items()))


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


class _Host:
    """Requests the pages of one host, one after another."""

    def __init__(self, pause: float, timeout: float) -> None:
        self._pause, self._timeout = pause, timeout
        self._clock = Clock(LONGEST)
        self._opener = opener(self._clock, _Redirects())
        self._asked = False
        self._silent = 0

    def ask_all(self, addresses: list[str], advance: Callable[[], None]) -> list[Answer]:
        """Return the answers; ``advance`` is called after each."""
        answers: list[Answer] = []
        unsure: list[Answer] = []
        for address in addresses:
            answer = self._ask(address)
            (unsure if answer.result == UNREACHABLE else answers).append(answer)
            if answer.result != UNREACHABLE:
                advance()
        for answer in unsure:
            last = answer if self._silent >= SILENT_AT_MOST else self._ask(answer.address)
            answers.append(last)
            advance()
        return answers

    def _ask(self, address: str) -> Answer:
        if self._silent >= SILENT_AT_MOST:
            return Answer(address, UNREACHABLE, "was not checked: its host did not answer for earlier pages")
        self._clock.begin(self._timeout)
        answer, is_final = self._question(address, "HEAD")
        if not is_final:
            answer, _ = self._question(address, "GET")
        return answer

    def _question(self, address: str, method: str) -> tuple[Answer, bool]:
        """Send one request; also return whether the answer is final, so that another method would not help."""
        if self._asked:
            time.sleep(self._pause)
        self._asked = True
        try:
            request = urllib.request.Request(address, headers={"User-Agent": AGENT, "Accept": "*/*"}, method=method)  # noqa: S310
            with self._opener.open(request, timeout=self._timeout) as found:
                self._silent = 0
                return _there(address, found.url), True
        except urllib.error.HTTPError as error:
            error.close()
            self._silent = 0
            return _by_status(address, error), error.code == _TOO_MANY
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            is_silence = isinstance(reason, (TooSlowError, TimeoutError, socket.gaierror))
            is_final = method == "GET" or is_silence or isinstance(reason, (ssl.SSLError, ValueError, _LeadsInsideError))
            if is_silence or isinstance(reason, ConnectionRefusedError):
                self._silent += is_final
            said = shown(str(reason) or type(reason).__name__, 120)
            return Answer(address, UNREACHABLE, f"does not answer ({said})"), is_final


def _there(address: str, end: str) -> Answer:
    if end == address:
        return Answer(address, THERE, "is there")
    return Answer(address, MOVED, f"leads to {shown(end, 300)}", end)


def _by_status(address: str, error: urllib.error.HTTPError) -> Answer:
    said = f"{error.code} {shown(str(http.client.responses.get(error.code, '')), 40)}".strip()
    leads_to = error.url if error.url != address else None
    way = f"leads to {shown(leads_to, 300)}, which answers {said}" if leads_to else f"answers {said}"
    if error.code in (404, 410):
        return Answer(address, GONE, f"is gone: it {way}", leads_to)
    if 400 <= error.code < 500:
        return Answer(address, REFUSED, f"is refused: it {way}", leads_to)
    if error.code < 400:
        to = f" to {shown(leads_to, 300)}" if leads_to else ""
        return Answer(address, UNREACHABLE, f"is redirected{to} without end, or not to a web page", leads_to)
    return Answer(address, UNREACHABLE, f"has a server error: it {way}", leads_to)


class _LeadsInsideError(OSError):
    """A redirect leads to an address that is not public."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects with the method of the request, within its origin or to a public host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # otherwise urllib would read it to its end, which may never come
        if not newurl.startswith(("http://", "https://")) or (
            origin(newurl) != origin(req.full_url) and not _is_public(newurl)
        ):
            raise _LeadsInsideError(f"leads to {shown(newurl, 120)}, which is not a public page")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            following.method = req.get_method()
        return following


def _is_public(address: str) -> bool:
    """Return whether a host is public by its name and its addresses; behind a proxy, only by its name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not is_public_host(host) or "@" in parts.netloc:
        return False
    if parts.scheme in urllib.request.getproxies():
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return True  # the connection will fail
    return all(is_public_number(str(entry[4][0])) for entry in found)
