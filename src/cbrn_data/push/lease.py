"""The lease of a place, which allows one push at a time where no lock is possible.

Why a lease and not only a conditional write of the index: two concurrent pushes would overwrite each other's derived files,
and the index that wins would name files of both. So a push first writes ``.push.json``, and renews it every few seconds.
Another push waits; if the file does not change for ``LEASE`` seconds by the waiter's own clock (clocks are not compared),
the lease is stale, and the waiter takes over. On S3, each of these steps and every upload is a conditional write, in case a
holder was suspended. On other targets, a new holder checks the file again after a moment.

``names`` are the derived files that interrupted pushes may have uploaded. The lease file stays until a push is complete, so
that the next one can remove files that are no longer derived, which its index may not list.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ValidationError

from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.progress import step
from cbrn_data.push.place import HIDDEN, ConflictError, Place
from cbrn_data.store.history import METADATA
from cbrn_data.store.index import check_derived_name
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.trust.roles import VERSIONED

LEASE_FILE = f"{HIDDEN}.json"
LEASE = 30.0
"""Seconds after which an unchanged lease is stale."""
RENEWED = 5.0
WAIT = 90.0
"""Seconds that a push waits for a running one."""
_PAUSE = 0.5


def _check_passing(name: str) -> str:
    """Return the path of a derived file, or of metadata of one state. Raises ReleaseError for any other name."""
    folder, _, file = name.partition("/")
    return name if folder == METADATA and VERSIONED.fullmatch(file) else check_derived_name(name)


_PassingName = Annotated[str, AfterValidator(_check_passing)]


class _State(BaseModel):
    """The content of the file: holder, number of renewals, whether it is held, and files that may be at the place."""

    token: str
    renewals: int
    held: bool
    names: set[_PassingName]

    @classmethod
    def read(cls, address: str, data: bytes) -> _State:
        """Read the file. Raises PushError if no push wrote it."""
        try:
            return cls.model_validate(parse_object(Path(address), data))
        except (ValidationError, ReleaseError) as error:
            raise PushError(f"{address}/{LEASE_FILE}: not written by a push; if no push is running, remove it") from error

    def dumped(self) -> bytes:
        """Return the file."""
        return dumped(self.model_dump() | {"names": sorted(self.names)})


class Lease:
    """The right to change a place; ``was_left``: another push was interrupted after it had started to upload."""

    def __init__(self, place: Place) -> None:
        self.was_left = False
        self._place = place
        self._state = _State(token=secrets.token_hex(16), renewals=0, held=True, names=set())
        self._tag = ""
        self._writing, self._ended, self._lost = Lock(), Event(), Event()

    @property
    def names(self) -> frozenset[str]:
        """Derived files that may be at the place."""
        return frozenset(self._state.names)

    def note(self, names: Iterable[str]) -> None:
        """Record derived files before they are uploaded. Raises PushError."""
        self._renew(names)

    def check(self) -> None:
        """Raise PushError if the lease is lost, so that nothing is written without it."""
        if self._lost.is_set():
            raise PushError(f"{self._place.address}: another push took over while this one did not answer; push again")

    def take(self) -> None:
        """Wait until the lease is free or stale, and take it. Raises PushError."""
        began = since = monotonic()
        last = None
        with step("Wait for the lease of the target", unit="seconds") as waiting:
            while not self._take_now(last, since):
                found = self._place.read(LEASE_FILE)
                tag = found[1] if found else None
                if tag != last:
                    last, since = tag, monotonic()
                if monotonic() - began > WAIT:
                    raise PushError(f"{self._place.address}: another push is running; wait until it ends, then push again")
                sleep(_PAUSE)
                waiting.move(monotonic() - began)
        Thread(target=self._keep, daemon=True).start()

    def _take_now(self, last: str | None, since: float) -> bool:
        found = self._place.read(LEASE_FILE)
        if found:
            before = _State.read(self._place.address, found[0])
            if before.token == self._state.token:
                return self._is_ours()
            if before.held and (found[1] != last or monotonic() - since < LEASE):
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
        """Try to create an existing file: a place that accepts this could mix two pushes. Raises PushError."""
        try:
            self._place.write(LEASE_FILE, self._state.dumped(), None)
        except ConflictError:
            return True
        self._place.remove(LEASE_FILE)
        raise PushError(
            f"{self._place.address}: accepts an upload whose condition (If-None-Match) is false, so two pushes "
            "could mix; choose storage that checks conditions"
        )

    def _is_ours(self) -> bool:
        found = self._place.read(LEASE_FILE)
        if found is None or _State.read(self._place.address, found[0]).token != self._state.token:
            return False
        self._tag = found[1]
        return True

    def _renew(self, names: Iterable[str] = ()) -> None:
        """Renew the file. Raises PushError if another push holds the lease, or the place does not answer."""
        with self._writing:
            self.check()
            self._state.names |= set(names)
            self._state.renewals += 1
            try:
                self._tag = self._place.write(LEASE_FILE, self._state.dumped(), self._tag)
            except ConflictError:
                self._check_file()  # the same write may have been sent twice, because its answer was lost

    def _check_file(self) -> None:
        """Raise PushError if the file is that of another push, or gone."""
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
        """Release the lease, so that the next push can start at once; record files that may be partial. Raises PushError."""
        if not self._state.names:
            return self.end()
        self._ended.set()
        self._state.held = False
        self._renew()

    def end(self) -> None:
        """Remove the file after a complete push. Raises PushError if it is that of another push."""
        self._ended.set()
        with self._writing:
            self._check_file()
            self._place.remove(LEASE_FILE)


def left_names(place: Place) -> frozenset[str] | None:
    """Return the derived files that a running or interrupted push may have uploaded; None if there is none.

    Raises PushError.
    """
    found = place.read(LEASE_FILE)
    return frozenset(_State.read(place.address, found[0]).names) if found else None


@contextmanager
def leased(place: Place) -> Iterator[Lease]:
    """Hold the lease of a place; after an error, release it but leave the file. Raises PushError."""
    lease = Lease(place)
    lease.take()
    try:
        yield lease
    except BaseException:
        # Report the first error; if the lease cannot be released, the next push waits until it is stale.
        with suppress(PushError):
            lease.give_up()
        raise
    lease.end()
