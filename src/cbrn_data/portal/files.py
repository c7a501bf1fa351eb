"""The files of a release as downloads: path, size and digest."""

from __future__ import annotations

from dataclasses import dataclass

from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, NESTED, SUMS, Release, parse_checksums
from cbrn_data.store.history import RELEASES


@dataclass(frozen=True)
class Download:
    """One file: ``path`` in the site."""

    path: str
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ReleaseFiles:
    """Every file of a release with its digest, as ``SHA256SUMS`` lists them."""

    release: Release
    digests: dict[str, str]

    @property
    def folder(self) -> str:
        """The folder of the release in the site."""
        return f"{RELEASES}/{self.release.version}/"

    def path(self, name: str) -> str:
        """Return the path of a file of the release in the site."""
        return self.folder + name

    def download(self, file: str, name: str) -> Download:
        """Return a file with its display name."""
        return Download(self.path(file), name, (self.release.folder / file).stat().st_size, self.digests[file])

    def of_table(self, table: str) -> list[Download]:
        """Return a table as CSV and JSON."""
        return [self.download(f"{table}.{form}", f"{table}.{form}") for form in ("csv", "json")]

    def whole(self) -> list[Download]:
        """Return the main downloads of a release."""
        return [
            self.download("projects.csv", "Projects, CSV"),
            self.download("achievements.csv", "Achievements, CSV"),
            self.download("countries.csv", "Countries, CSV"),
            self.download(NESTED, "Everything by region, JSON"),
            self.download(DESCRIPTOR, "Data package"),
        ]


def release_files(release: Release) -> ReleaseFiles:
    """Read the list of files of a release. Raises ReleaseError."""
    return ReleaseFiles(release, parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS)))
