"""Pages asked whether they are there: each once, few hosts at a time, and a host at a walking pace.

A page is asked by HEAD, which costs its server least, and by GET where that is refused, because servers answer HEAD with
any error; no body is read. What did not answer is asked a second time at the end, for a web that blinked. A server is not
trusted: it has its time (see ``deadline``), a redirect to another origin is followed to public hosts only, and a host that
is silent for several pages in a row is not asked for the others. What a row itself names is asked as it is.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

from cbrn_data.deadline import LONGEST, Clock, TooSlowError
from cbrn_data.fetch import AGENT, SILENT_AT_MOST, TIMEOUT, opener, origin
from cbrn_data.findings import shown
from cbrn_data.sources.addresses import is_public_host

THERE, MOVED, GONE, UNREACHABLE, REFUSED = "there", "moved", "gone", "unreachable", "refused"
RESULTS = (THERE, MOVED, GONE, UNREACHABLE, REFUSED)

AT_ONCE = 8
"""How many hosts are asked at a time."""
PAUSE = 1.0
"""Seconds between two questions to one host."""

_TOO_MANY = 429


@dataclass(frozen=True)
class Answer:
    """What became of a page: one of ``RESULTS``, why, and where its redirects led (None where there was none)."""

    address: str
    result: str
    detail: str
    leads_to: str | None = None


Tell = Callable[[Answer], None]


def ask_pages(
    addresses: Iterable[str], tell: Tell = lambda answer: None, pause: float = PAUSE, timeout: float = TIMEOUT
) -> dict[str, Answer]:
    """Ask each address and return its answer; ``tell`` is told each when it is known, from any thread.

    ``pause`` and ``timeout`` are seconds: between questions to a host, and for one page with its redirects.
    """
    by_host: dict[str, list[str]] = defaultdict(list)
    for address in sorted(set(addresses)):
        by_host[_host(address)].append(address)
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        asked = [pool.submit(_Host(pause, timeout).ask_all, pages, tell) for pages in by_host.values()]
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
    """Asks the pages of one host, one after another."""

    def __init__(self, pause: float, timeout: float) -> None:
        self._pause, self._timeout = pause, timeout
        self._clock = Clock(LONGEST)
        self._opener = opener(self._clock, _Redirects())
        self._asked = False
        self._silent = 0

    def ask_all(self, addresses: list[str], tell: Tell) -> list[Answer]:
        answers: list[Answer] = []
        unsure: list[Answer] = []
        for address in addresses:
            answer = self._ask(address)
            (unsure if answer.result == UNREACHABLE else answers).append(answer)
            if answer.result != UNREACHABLE:
                tell(answer)
        for answer in unsure:
            last = answer if self._silent >= SILENT_AT_MOST else self._ask(answer.address)
            answers.append(last)
            tell(last)
        return answers

    def _ask(self, address: str) -> Answer:
        if self._silent >= SILENT_AT_MOST:
            return Answer(address, UNREACHABLE, "was not asked: its host did not answer for the pages before")
        self._clock.begin(self._timeout)
        answer, is_final = self._question(address, "HEAD")
        if not is_final:
            answer, _ = self._question(address, "GET")
        return answer

    def _question(self, address: str, method: str) -> tuple[Answer, bool]:
        """Ask by one method; also return whether another method could not say more."""
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
        return Answer(address, UNREACHABLE, f"is redirected{to} in vain: in a circle, or to no web page", leads_to)
    return Answer(address, UNREACHABLE, f"is out of order: it {way}", leads_to)


class _LeadsInsideError(OSError):
    """A redirect leads to where the public does not get."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect by the method of the question, within its origin or to a public host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # else urllib would read it to an end that it may not have
        if not newurl.startswith(("http://", "https://")) or (
            origin(newurl) != origin(req.full_url) and not _is_public(newurl)
        ):
            raise _LeadsInsideError(f"leads to {shown(newurl, 120)}, which is no public page")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            following.method = req.get_method()
        return following


def _is_public(address: str) -> bool:
    """Tell whether a host is public by its name and by its addresses; behind a proxy, which finds them, by its name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not is_public_host(host) or "@" in parts.netloc:
        return False
    if parts.scheme in urllib.request.getproxies():
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return True  # connecting will say so
    return all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_global for entry in found)
