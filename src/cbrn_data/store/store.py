"""The store: the one way a release comes to be under ``published/``.

Promises: the bytes of a release never change; a reader who starts at ``releases.json`` never sees half of one,
whatever dies when; each run first finishes or sweeps what the last one left.

    published/releases/<version>/   a release; never written again
    published/releases.json         the index, written last
    published/latest/, ...          derived from the releases by the function the store is given
    published/.staging-<random>/    being built, or left by a run that died

Order of a publication: lock, repair, stage (every byte flushed), write what is derived beside it, ONE rename of
the staged folder to its version, move the derived files into place, the index last.

Why a failure after that rename does not take the release back: somebody may have seen it, and taking it back can
fail as well. So the error says that the release stands, and the next run finishes what is derived. All that needs
space is written before the rename, so that a full disk leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk, history, index
from cbrn_data.store.derived import Derivation, is_settled, plan
from cbrn_data.store.folder import Release, check_unchanged, check_version, read_release
from cbrn_data.store.lock import locked
from cbrn_data.store.staging import Staging

__all__ = ["Derive", "Release", "Store", "Writer"]

Derive = Callable[[Path, list[Release]], Mapping[str, disk.Data]]
WAIT = 30.0


def derive_nothing(published: Path, releases: list[Release]) -> Mapping[str, disk.Data]:
    """Derive no file but the index, which the store makes itself."""
    return {}


class Store:
    """The releases under ``published``, read without a lock and written by one publisher at a time.

    ``derive`` gets ``published`` and all releases, oldest first, and returns path -> data of every derived file but
    ``releases.json``. It must read a release by its ``folder`` (the newest may still be staged) and name it by its
    version, and return the same bytes for the same releases. ``derived_by`` names what ``derive`` is, with all that its
    bytes depend on beside the releases: while that stays, what is on the disk as listed is not derived again.
    """

    def __init__(self, published: Path, derive: Derive = derive_nothing, derived_by: str = "") -> None:
        self.published = published
        self._derive = derive
        self._derived_by = derived_by

    def releases(self) -> list[Release]:
        """Return every committed release by sequence, with withdrawals. Raises ReleaseError naming a broken file."""
        found = history.read_history(self.published)
        return index.with_withdrawals(found, index.read_index(self.published, found))

    def newest(self) -> Release | None:
        """Return the release with the highest sequence, None before the first. Raises ReleaseError."""
        found = self.releases()
        return found[-1] if found else None

    @contextmanager
    def writing(self, wait: float = WAIT) -> Iterator[Writer]:
        """Lock the store, repair it, and yield its writer; what is still staged at the end is removed.

        Waits up to ``wait`` seconds for another publisher. Raises ReleaseError: the lock is not to be had, the disk
        refuses, or a file of the store is broken or was edited by hand.
        """
        disk.make_root(self.published)
        with locked(self.published, wait):
            writer = Writer(self.published, self._derive, self._derived_by)
            try:
                writer.repair()
                yield writer
            except BaseException:
                # The first error is the one to tell; what cannot be removed now is swept by the next run.
                with suppress(ReleaseError):
                    writer.discard()
                raise
            writer.discard()

    def withdraw(self, version: str, reason: str, date: str, wait: float = WAIT) -> Release:
        """Mark a release as withdrawn in the index and what is derived from it; its folder stays as it is.

        ``reason`` is one line, ``date`` YYYY-MM-DD. Raises ReleaseError: no such release, or withdrawn already with
        another reason or date.
        """
        with self.writing(wait) as writer:
            return writer.withdraw(version, index.withdrawal(reason, date))


class Writer:
    """The right to change one store, held for one publication.

    ``repaired`` says in sentences what was swept or finished on entering.
    """

    def __init__(self, published: Path, derive: Derive, derived_by: str = "") -> None:
        self.repaired: list[str] = []
        self._published = published
        self._derive = derive
        self._derived_by = derived_by
        self._releases: list[Release] = []
        self._staging = Staging(published)

    @property
    def newest(self) -> Release | None:
        """The release with the highest sequence, None before the first."""
        return self._releases[-1] if self._releases else None

    def repair(self) -> None:
        """Sweep what a run that died has left, check the newest release, derive what is missing or behind."""
        if self._staging.sweep():
            self.repaired.append("swept what a publication that was cut short had left")
        found = history.read_history(self._published)
        known = index.read_index(self._published, found)
        index.check_listed(self._published, known, found)
        self._releases = index.with_withdrawals(found, known)
        if self.newest is None:
            return self._refuse_foreign()
        check_unchanged(self.newest.folder)
        if not is_settled(self._published, self._releases, known, self._derived_by):
            self.repaired += self._apply(self._plan(self._releases))

    def _refuse_foreign(self) -> None:
        """Derived files replace what has their name, so the first release wants a folder of its own."""
        for name in disk.entries(self._published):
            if not name.startswith(".") and name != history.RELEASES:
                raise ReleaseError(
                    f"{self._published / name}: is there, but no release is; put the releases back, or publish into "
                    "an empty folder"
                )

    def stage(self, files: Mapping[str, disk.Data]) -> Path:
        """Write ``files`` (name -> data) and their SHA256SUMS into a hidden folder, all flushed, and return it.

        Nobody reads it by chance (mode 0700, unguessable name), so that it can be checked where it is and thrown
        away. Raises ReleaseError: a name that cannot be published, or the disk refuses; nothing is left then.
        """
        return self._staging.fill(files)

    def add(self, staged: Path, files: Mapping[str, disk.Data]) -> None:
        """Write more files into a staged folder and bring SHA256SUMS up to date.

        For what exists only after the gate: the validation report, and the attestation over SHA256SUMS.
        Raises ReleaseError as ``stage`` does, or if a name is there already; the folder is fit only to discard then.
        """
        self._staging.add(staged, files)

    def discard(self) -> None:
        """Remove everything staged and not committed. Raises ReleaseError if the disk refuses."""
        self._staging.discard_all()
        if not self._releases:
            disk.remove_empty(self._published / history.RELEASES, self._published)

    def commit(self, staged: Path, version: str) -> Release:
        """Make ``staged`` the release ``version`` by one rename, then derive; return the release.

        Its ``release.json`` must continue the history (sequence, digest of the release before). Raises ReleaseError:
        it does not, the folder of the version is there already (even empty), a staged file is not what was staged,
        or the disk refuses; the message says so if that was after the rename and the release stands.
        """
        target = disk.inside(self._published / history.RELEASES, check_version(version))
        release = self._read_staged(staged, version)
        change = self._plan([*self._releases, release])
        work = self._write(change)
        disk.show(staged)
        disk.make_folder(self._published, history.RELEASES)
        # Publishers are kept apart by the lock and the rename refuses a folder with content, so this look is not
        # what protects a release: it refuses an empty folder, over which the rename would go without a word.
        if disk.mode(target):
            raise ReleaseError(f"{target}: is there already, and a release is never written again; see what it is")
        disk.rename(staged, target)
        self._staging.let_go(staged)
        self._releases.append(replace(release, folder=target))
        self._finish(target, change, work)
        return self._releases[-1]

    def _read_staged(self, staged: Path, version: str) -> Release:
        self._staging.check(staged)
        release = read_release(staged)
        if release.version != version:
            raise ReleaseError(f"release.json is of {release.version}, but {version} is to be committed")
        history.check_follows(release, self.newest)
        return release

    def _finish(self, target: Path, change: Derivation, work: Path) -> None:
        try:
            disk.flush(target.parent)
            disk.flush(self._published)
            change.put(work)
            self._staging.discard(work)
        except ReleaseError as error:
            raise ReleaseError(
                f"release {target.name} is committed, but what is derived from it is not up to date yet; publish again "
                f"to finish that ({error})"
            ) from error

    def derive(self) -> None:
        """Bring every derived file up to date, the index last. Raises ReleaseError."""
        self._apply(self._plan(self._releases))

    def withdraw(self, version: str, withdrawal: dict[str, str]) -> Release:
        """Set the withdrawal (``reason``, ``date``) of one release and derive again. Raises ReleaseError."""
        place = next((n for n, release in enumerate(self._releases) if release.version == version), None)
        if place is None:
            raise ReleaseError(f"{version[:100]!r} is not a release; `cbrn-data releases` lists them")
        release = self._releases[place]
        if withdrawal["date"] < release.date:
            raise ReleaseError(f"release {version} is of {release.date}, and today is {withdrawal['date']}; set the clock")
        if release.withdrawn not in (None, withdrawal):
            raise ReleaseError(f"release {version} is withdrawn already: {release.withdrawn['reason']!r}")
        self._releases[place] = replace(release, withdrawn=withdrawal)
        self.derive()
        return self._releases[place]

    def _plan(self, releases: list[Release]) -> Derivation:
        files = self._derive(self._published, list(releases))
        known = index.read_index(self._published, self._releases)
        return plan(self._published, releases, files, known, self._derived_by)

    def _apply(self, change: Derivation) -> list[str]:
        if change:
            work = self._write(change)
            change.put(work)
            self._staging.discard(work)
        return change.sentences()

    def _write(self, change: Derivation) -> Path:
        work = self._staging.make()
        change.write(work)
        return work
