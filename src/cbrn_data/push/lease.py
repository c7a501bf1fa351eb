"""The lease on a place: one push at a time, though nobody is there to hold a lock.

Why a lease and not the conditional write of the index alone: two pushes of different states would exchange derived files
under each other, and the index that wins would name files of both. So a push first makes ``.push.json``, and writes it
anew every few seconds. Another one waits; if the file stays the same for ``LEASE`` seconds by its own clock (no two clocks
are compared), its holder is dead and it takes over. On S3 every step of this is a conditional write, and so is every
upload, for a holder that slept through its lease. Elsewhere a new holder looks again after a moment.

``names`` are the derived files that pushes which were cut short may have put: the file stays until a push is done,
so that the next one, whose index may not know them, takes away what is derived no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Any

from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.push.place import HIDDEN, ConflictError, Place
from cbrn_data.store.index import check_derived_name
from cbrn_data.strict_json import dumped, parse_object

LEASE_FILE = f"{HIDDEN}.json"
LEASE = 30.0
"""Seconds without a sign of life after which a push is taken to be dead."""
RENEWED = 5.0
WAIT = 90.0
"""Seconds that a push waits for one that is alive."""
_PAUSE = 0.5


@dataclass
class _State:
    """What the file says: who holds the lease, how often it was renewed, whether it is held, what may be there."""

    token: str
    renewals: int
    is_held: bool
    names: set[str]

    @classmethod
    def read(cls, address: str, data: bytes) -> _State:
        """Raises PushError for a file that no push wrote."""
        try:
            said: Any = parse_object(address, data)  # type: ignore[arg-type]
            names = set(said["names"])
            for name in names:
                check_derived_name(name)
            return cls(str(said["token"]), int(said["renewals"]), said["held"] is True, names)
        except (KeyError, TypeError, ValueError, AttributeError, ReleaseError) as error:
            raise PushError(f"{address}/{LEASE_FILE}: is not what a push writes; if none is at work, remove it") from error

    def dumped(self) -> bytes:
        """Return the file."""
        names = sorted(self.names)
        return dumped({"token": self.token, "renewals": self.renewals, "held": self.is_held, "names": names})


class Lease:
    """The right to change a place; ``was_left`` says that another push was cut short after it had begun to put files."""

    def __init__(self, place: Place) -> None:
        self.was_left = False
        self._place = place
        self._state = _State(secrets.token_hex(16), 0, True, set())
        self._tag = ""
        self._writing, self._ended, self._lost = Lock(), Event(), Event()

    @property
    def names(self) -> frozenset[str]:
        """Derived files that may be there."""
        return frozenset(self._state.names)

    def note(self, names: Iterable[str]) -> None:
        """Write down derived files before they are put. Raises PushError."""
        self._renew(names)

    def check(self) -> None:
        """Raises PushError once the lease is lost, so that nothing is written without it."""
        if self._lost.is_set():
            raise PushError(f"{self._place.address}: another push took over while this one did not answer; push again")

    def take(self) -> None:
        """Wait until the place is free, or its holder is silent for ``LEASE``, and take it. Raises PushError."""
        began = since = monotonic()
        last = None
        while not self._take_now(last, since):
            found = self._place.read(LEASE_FILE)
            tag = found[1] if found else None
            if tag != last:
                last, since = tag, monotonic()
            if monotonic() - began > WAIT:
                raise PushError(f"{self._place.address}: another push is at work; wait until it is done, then push again")
            sleep(_PAUSE)
        Thread(target=self._keep, daemon=True).start()

    def _take_now(self, last: str | None, since: float) -> bool:
        found = self._place.read(LEASE_FILE)
        if found:
            before = _State.read(self._place.address, found[0])
            if before.token == self._state.token:
                return self._is_ours()
            if before.is_held and (found[1] != last or monotonic() - since < LEASE):
                return False
            self._state.names |= before.names
            self.was_left = bool(before.names)
        try:
            self._tag = self._place.write(LEASE_FILE, self._state.dumped(), found[1] if found else None)
        except ConflictError:
            return False
        sleep(_PAUSE)
        return self._is_ours() and self._is_guarded()

    def _is_guarded(self) -> bool:
        """Ask the place to make anew what is there: one that does would let two pushes mix. Raises PushError."""
        try:
            self._place.write(LEASE_FILE, self._state.dumped(), None)
        except ConflictError:
            return True
        self._place.remove(LEASE_FILE)
        raise PushError(
            f"{self._place.address}: takes an upload whose condition (If-None-Match) does not hold, so that two pushes "
            "could mix; choose a store that judges conditions"
        )

    def _is_ours(self) -> bool:
        found = self._place.read(LEASE_FILE)
        if found is None or _State.read(self._place.address, found[0]).token != self._state.token:
            return False
        self._tag = found[1]
        return True

    def _renew(self, names: Iterable[str] = ()) -> None:
        """Write the file anew. Raises PushError: somebody else holds the lease, or the place does not answer."""
        with self._writing:
            self.check()
            self._state.names |= set(names)
            self._state.renewals += 1
            try:
                self._tag = self._place.write(LEASE_FILE, self._state.dumped(), self._tag)
            except ConflictError:
                # A write that was sent twice, since its answer was lost, meets itself.
                if not self._is_ours():
                    self._lost.set()
                self.check()

    def _keep(self) -> None:
        renewed = monotonic()
        while not self._ended.wait(RENEWED):
            try:
                self._renew()
                renewed = monotonic()
            except PushError:
                if self._lost.is_set() or monotonic() - renewed > LEASE - 2 * RENEWED:
                    self._lost.set()
                    return

    def give_up(self) -> None:
        """Let the next push begin at once; where files may be half put, it is told of them. Raises PushError."""
        if not self._state.names:
            return self.end()
        self._ended.set()
        self._state.is_held = False
        self._renew()

    def end(self) -> None:
        """Take the file away: the push is done. Raises PushError."""
        self._ended.set()
        with self._writing:
            self.check()
            self._place.remove(LEASE_FILE)


@contextmanager
def leased(place: Place) -> Iterator[Lease]:
    """Hold the lease of a place; after an error it is given up, and left to be seen. Raises PushError."""
    lease = Lease(place)
    lease.take()
    try:
        yield lease
    except BaseException:
        # The first error is the one to tell; where the lease cannot be given up, the next push waits for its end.
        with suppress(PushError):
            lease.give_up()
        raise
    lease.end()
