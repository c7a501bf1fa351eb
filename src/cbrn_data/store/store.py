"""The store: the only way to add a release to ``published/``.

Promises: the bytes of a release never change, but those of a source may be erased where the law asks for it; a reader who
starts at ``releases.json`` never sees half a release, even after a crash; each run first finishes or removes the remains of
the last one.

    published/releases/<version>/   a release; never written again
    published/code/<digest>/        the code that made releases; never written again (see ``code``)
    published/releases.json         the index, written last
    published/metadata/             signed: they vouch for the index, the derived files and the releases
    published/latest/, ...          derived from the releases by the function ``derive``
    published/.staging-<random>/    being built, or left by a killed run

Order of a publication: lock, repair, stage (every byte flushed), stage the derived files, rename the code of the release if
the store does not have it, ONE rename of the staged folder to its version, move the metadata except the timestamp into
place, the derived files, the index, and the timestamp last.

Why a failure after this rename does not remove the release: somebody may have read it, and the removal can also fail. So the
error says that the release is committed, and the next run finishes the derived files. Everything that needs space is written
before the rename, so that a full disk changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk, history, index
from cbrn_data.store.code import code_digest, code_folders, needless
from cbrn_data.store.derived import Derivation, Vouch, is_settled, plan, unsigned
from cbrn_data.store.folder import SUMS, Release, check_unchanged, check_version, parse_checksums, read_release
from cbrn_data.store.lock import WAIT, locked
from cbrn_data.store.names import inside
from cbrn_data.store.staging import Staging

__all__ = ["Derive", "Release", "Store", "Writer"]

Derive = Callable[[Path, list[Release]], Mapping[str, disk.Data]]


class Store:
    """The releases under ``published``, read without a lock and written by one publisher at a time.

    ``derive`` gets ``published`` and all releases, oldest first, and returns path -> data of every derived file except
    ``releases.json``. It must read a release by its ``folder`` (the newest may still be staged), name it by its version, and
    return the same bytes for the same releases. ``derived_by`` is a digest of everything else on which these bytes depend:
    while it stays the same, files that match the index are not derived again. ``vouch`` signs the metadata. ``address`` is
    the sha256 of the base address and the day from which a new one counts; the index keeps both.
    """

    def __init__(
        self,
        published: Path,
        derive: Derive = lambda published, releases: {},
        derived_by: str = "",
        vouch: Vouch = unsigned,
        address: tuple[str, str] = ("", ""),
    ) -> None:
        self.published = published
        self._address = address
        self._derive = derive
        self._derived_by = derived_by
        self._vouch = vouch

    def releases(self) -> list[Release]:
        """Return every committed release by sequence, with withdrawals. Raises ReleaseError naming a damaged file."""
        found = history.read_history(self.published)
        return index.with_withdrawals(found, index.read_index(self.published, found))

    def newest(self) -> Release | None:
        """Return the release with the highest sequence, None before the first. Raises ReleaseError."""
        found = self.releases()
        return found[-1] if found else None

    @contextmanager
    def writing(self, wait: float = WAIT) -> Iterator[Writer]:
        """Lock the store, repair it, and yield its writer; remaining staging folders are removed at the end.

        Waits up to ``wait`` seconds for another publisher. Raises ReleaseError if the lock is not available, for an error of
        the disk, or if a file of the store is damaged or was edited.
        """
        disk.make_root(self.published)
        with locked(self.published, wait):
            writer = Writer(self.published, self._derive, self._derived_by, self._vouch, self._address)
            try:
                writer.repair()
                yield writer
            except BaseException:
                # Report the first error; the next run removes what cannot be removed now.
                with suppress(ReleaseError):
                    writer.discard()
                raise
            writer.discard()

    def withdraw(self, version: str, reason: str, date: str, wait: float = WAIT) -> Release:
        """Mark a release as withdrawn in the index and the derived files; its folder does not change.

        ``reason`` is one line, ``date`` YYYY-MM-DD. Raises ReleaseError if the release does not exist or is already
        withdrawn with another reason or date.
        """
        with self.writing(wait) as writer:
            return writer.withdraw(version, index.withdrawal(reason, date))

    def undo_withdrawal(self, version: str, reason: str, date: str, wait: float = WAIT) -> Release:
        """Take back the withdrawal of a release; index, feed and page keep both reasons.

        Arguments and errors are those of ``withdraw``. Raises ReleaseError if the release is not withdrawn.
        """
        with self.writing(wait) as writer:
            return writer.undo_withdrawal(version, reason, date)


class Writer:
    """The writer of one store, for one publication.

    ``repaired`` lists, as sentences, what was removed or finished at the start.
    """

    def __init__(
        self, published: Path, derive: Derive, derived_by: str, vouch: Vouch, address: tuple[str, str] = ("", "")
    ) -> None:
        self._address = address
        self.repaired: list[str] = []
        self._published = published
        self._derive = derive
        self._derived_by = derived_by
        self._vouch = vouch
        self._releases: list[Release] = []
        self._is_read = False
        self._staging = Staging(published)
        self._unused: list[Path] = []

    @property
    def newest(self) -> Release | None:
        """The release with the highest sequence, None before the first."""
        return self._releases[-1] if self._releases else None

    @property
    def releases(self) -> list[Release]:
        """The releases, oldest first."""
        return list(self._releases)

    def repair(self) -> None:
        """Remove the remains of a killed run, check the newest release, derive missing or outdated files."""
        if self._staging.sweep():
            self.repaired.append("removed the remains of an interrupted publication")
        found = history.read_history(self._published)
        known = index.read_index(self._published, found)
        index.check_listed(self._published, known, found)
        self._releases = index.with_address(index.with_withdrawals(found, known), *self._address)
        if self.newest is None:
            self._refuse_foreign()
        if self._sweep_code():
            self.repaired.append("removed code that no release names")
        if self.newest is None:
            return
        check_unchanged(self.newest)
        if not is_settled(self._published, self._releases, known, self._derived_by, self._vouch):
            self.repaired += self._apply(self._plan(self._releases))
        self._is_read = True  # nobody else writes while the store is locked
        self._remove_erased()

    def _refuse_foreign(self) -> None:
        """Refuse a used folder for the first release, because derived files replace files of the same name."""
        for name in disk.entries(self._published):
            if not name.startswith(".") and name not in (history.RELEASES, history.CODE):
                raise ReleaseError(
                    f"{self._published / name}: exists, but no release does; restore the releases, or publish into "
                    "an empty folder"
                )

    def stage(self, files: Mapping[str, disk.Data]) -> Path:
        """Write ``files`` (name -> data) and their SHA256SUMS into a hidden folder, all flushed, and return it.

        Nobody reads it by accident (mode 0700, unguessable name), so it can be checked in place and discarded. Raises
        ReleaseError for an invalid name, an error of the disk, or bytes that were erased; then nothing is left.
        """
        gone = self._erased_digests()
        for name, data in files.items() if gone else ():
            if mark := gone.get(disk.sha256_of(data)):
                raise ReleaseError(
                    f"{name}: these bytes were erased on {mark['date']} ({mark['reason']}); take the source out of raw/"
                )
        return self._staging.fill(files)

    def add(self, staged: Path, files: Mapping[str, disk.Data]) -> None:
        """Write more files into a staged folder and update SHA256SUMS.

        This is for files that exist only after the gate: the validation report, and the attestation of SHA256SUMS. Raises
        ReleaseError as ``stage``, or if a name already exists; then the folder must be discarded.
        """
        self._staging.add(staged, files)

    def discard(self) -> None:
        """Remove everything that is staged but not committed. Raises ReleaseError for an error of the disk."""
        self._staging.discard_all()
        for folder in self._unused:
            disk.remove_tree(folder)
        if self._unused:
            disk.remove_empty(self._published / history.CODE, self._published)
        self._unused.clear()
        if not self._releases:
            disk.remove_empty(self._published / history.RELEASES, self._published)

    def _sweep_code(self) -> bool:
        """Remove code that no release names; return whether there was any."""
        folders = needless(self._published, self._releases)
        for folder in folders:
            disk.remove_tree(folder)
        if folders:
            disk.remove_empty(self._published / history.CODE, self._published)
        return bool(folders)

    def commit(self, staged: Path, version: str, code: Mapping[str, disk.Data] | None = None) -> Release:
        """Make ``staged`` the release ``version`` by one rename, then derive; return the release.

        ``code`` are the files of the code that made it, for a store that does not have it. ``release.json`` must continue
        the history (sequence, digest of the release before). Raises ReleaseError if it does not, if the folder of the
        version already exists (even empty), if a staged file changed, or for an error of the disk; the message says if that
        was after the rename, so that the release is committed.
        """
        target = inside(self._published / history.RELEASES, check_version(version))
        release = self._read_staged(staged, version)
        digest = code_digest(release.info)
        is_kept = bool(code_folders(self._published, [release]))
        new_code = {digest: self.stage(code)} if code and digest and not is_kept else {}
        releases = index.with_address([*self._releases, release], *self._address)
        change = self._plan(releases, new_code)
        self.repaired += change.new_root() if self._releases else []
        work = self._write(change)
        self._put_code(new_code)
        disk.show(staged)
        disk.make_folder(self._published, history.RELEASES)
        # The lock separates publishers, and the rename refuses a folder with content. This check only refuses an empty
        # folder, which the rename would replace.
        if disk.mode(target):
            raise ReleaseError(f"{target}: already exists, and a release is never overwritten; check what it is")
        disk.rename(staged, target)
        self._unused.clear()
        self._staging.let_go(staged)
        self._releases = [*releases[:-1], replace(releases[-1], folder=target)]
        self._finish(target, change, work)
        return self._releases[-1]

    def _put_code(self, code: Mapping[str, Path]) -> None:
        for digest, folder in code.items():
            disk.show(folder)
            place = self._published / history.CODE
            self._unused.append(place / digest)
            disk.make_folder(self._published, history.CODE)
            disk.rename(folder, place / digest)
            self._staging.let_go(folder)
            disk.flush(place)

    def add_code(self, code: Mapping[str, Path]) -> None:
        """Bring staged code of earlier releases into place, by digest, and sign the metadata. Raises ReleaseError.

        The metadata that vouch for the code are written first, so the code never exists without them.
        """
        change = self._plan(self._releases, code)
        work = self._write(change)

        def put_code() -> None:
            self._put_code(code)
            self._unused.clear()

        change.put(work, put_code)
        self._staging.discard(work)

    def _read_staged(self, staged: Path, version: str) -> Release:
        self._staging.check(staged)
        release = read_release(staged)
        if release.version != version:
            raise ReleaseError(f"release.json belongs to {release.version}, not to {version}")
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
                f"release {target.name} is committed, but the derived files are not up to date yet; publish again "
                f"to finish them ({error})"
            ) from error

    def derive(self) -> None:
        """Bring every derived file up to date, the index last. Raises ReleaseError."""
        change = self._plan(self._releases)
        self._apply(change)
        self.repaired += change.new_root()

    def withdraw(self, version: str, withdrawal: dict[str, str]) -> Release:
        """Set the withdrawal (``reason``, ``date``) of one release and derive again. Raises ReleaseError."""
        release = self._release(version)
        before = max([release.date, *(mark["date"] for mark in release.marks)])
        if release.withdrawn is None and withdrawal["date"] < before:
            raise ReleaseError(f"release {version} is dated {before}, but today is {withdrawal['date']}; correct the clock")
        if release.withdrawn not in (None, withdrawal):
            raise ReleaseError(f"release {version} is already withdrawn: {release.withdrawn['reason']!r}")
        return self._mark(replace(release, withdrawn=withdrawal))

    def undo_withdrawal(self, version: str, reason: str, date: str) -> Release:
        """Move the withdrawal of a release to its past withdrawals and derive again. Raises ReleaseError."""
        release = self._release(version)
        if release.withdrawn is None:
            last = release.marks[-1] if release.marks else {}
            if (last.get("reason"), last.get("date")) != (reason, date):  # otherwise it is already undone
                raise ReleaseError(f"release {version} is not withdrawn, so there is nothing to undo")
            return self._mark(release)
        past = index.undone(release.withdrawn, reason, date)
        return self._mark(replace(release, withdrawn=None, past_withdrawals=(*release.past_withdrawals, past)))

    def erase(self, names: Mapping[str, Collection[str]], erasure: dict[str, str]) -> None:
        """Take the bytes of sources out of releases: ``names`` by version, ``erasure`` is an entry of the index.

        Index and metadata record the erasure first, and then the bytes are removed. An interruption before this record has
        no effect; after it, the next run finishes the erasure. Raises ReleaseError.
        """
        for version, gone in names.items():
            release = self._release(version)
            erased = {**dict.fromkeys(gone, erasure), **release.erased}
            self._releases = [replace(one, erased=erased) if one is release else one for one in self._releases]
        self.derive()
        self._remove_erased()

    def _remove_erased(self) -> None:
        paths = [release.folder / name for release in self._releases for name in release.erased]
        there = [path for path in paths if disk.mode(path)]
        for path in there:
            disk.remove(path)
        for folder in {path.parent for path in there}:
            disk.flush(folder)

    def _erased_digests(self) -> dict[str, dict[str, str]]:
        """Return the erasures of all releases, by the digest of the bytes."""
        found: dict[str, dict[str, str]] = {}
        for release in (release for release in self._releases if release.erased):
            listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
            found |= {listed[name]: mark for name, mark in release.erased.items() if name in listed}
        return found

    def _release(self, version: str) -> Release:
        found = next((release for release in self._releases if release.version == version), None)
        if found is None:
            raise ReleaseError(f"{version[:100]!r} is not a release; `cbrn-data releases` lists them")
        return found

    def _mark(self, marked: Release) -> Release:
        self._releases = [marked if release.version == marked.version else release for release in self._releases]
        self.derive()
        return marked

    def _plan(self, releases: list[Release], code: Mapping[str, Path] | None = None) -> Derivation:
        files = self._derive(self._published, list(releases))
        known = index.read_index(self._published, self._releases)
        return plan(self._published, releases, files, known, self._derived_by, self._vouch, code, self._is_read)

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
