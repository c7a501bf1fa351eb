"""The files of a release as downloads: path, size and digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cbrn_data.exports import EXPORTS, WORKBOOK, ZIP, parquet_file
from cbrn_data.store import disk
from cbrn_data.store.folder import NESTED, SUMS, Release, is_part, parse_checksums
from cbrn_data.store.history import LATEST, RELEASES


@dataclass(frozen=True)
class Download:
    """One file: ``path`` in the site, and ``latest``, the path of the same file of whatever release is the newest."""

    path: str
    latest: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ReleaseFiles:
    """Every file of a release with its digest, as ``SHA256SUMS`` lists them; ``made`` are the exports by path."""

    release: Release
    digests: dict[str, str]
    made: Mapping[str, disk.Data]

    @property
    def folder(self) -> str:
        """The folder of the release in the site."""
        return f"{RELEASES}/{self.release.version}/"

    @property
    def exports(self) -> str:
        """The folder of the exports of the release in the site."""
        return f"{EXPORTS}/{self.release.version}/"

    def path(self, name: str) -> str:
        """Return the path of a file of the release in the site."""
        return self.folder + name

    def download(self, file: str, name: str) -> Download:
        """Return a file of the release with its display name."""
        size = (self.release.folder / file).stat().st_size
        return Download(self.path(file), f"{LATEST}/{file}", name, size, self.digests[file])

    def export(self, file: str, name: str) -> Download:
        """Return an export of the release with its display name."""
        data = self.made[self.exports + file]
        latest = f"{EXPORTS}/{LATEST}/{file}"
        return Download(self.exports + file, latest, name, disk.size_of(data), disk.sha256_of(data))

    @property
    def in_parts(self) -> bool:
        """Whether a table is in parts, so that it has no Parquet file, and the release no ZIP file."""
        return any(map(is_part, self.digests))

    def parts(self, table: str) -> list[str]:
        """Return the names of the parts of a table in parts."""
        return [name for name in self.digests if is_part(name) and name.startswith(f"{table}/")]

    def of_table(self, table: str) -> list[Download]:
        """Return a table as CSV, JSON and Parquet, or its parts."""
        if parts := self.parts(table):
            return [self.download(name, name) for name in parts]
        released = [self.download(f"{table}.{form}", f"{table}.{form}") for form in ("csv", "json")]
        return [*released, self.export(parquet_file(table), parquet_file(table))]

    def whole(self) -> list[Download]:
        """Return a release as one file, in every form."""
        return [
            self.export(WORKBOOK, "Workbook, XLSX"),
            *([self.export(ZIP, "All files, ZIP")] if self.exports + ZIP in self.made else []),
            self.download(NESTED, "By region, JSON"),
        ]


def release_files(release: Release, made: Mapping[str, disk.Data]) -> ReleaseFiles:
    """Read the list of files of a release. Raises ReleaseError."""
    return ReleaseFiles(release, parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS)), made)
