"""A cache on disk of texts and files that take long to make, each under the digest of all its inputs.

An entry records its own digest, and a damaged one is made again. People can delete the folder at any time. An entry for
which there is no space is not cached. Outside of ``keeping``, nothing is cached.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import checksums
from cbrn_data.strict_json import dumped

AT_MOST = 100
"""The most entries that a run did not use (another project may) and that stay; the oldest of more are dropped."""


@dataclass
class _Keeper:
    folder: Path
    code: Any
    used: set[Path] = field(default_factory=set)

    def key(self, made_of: str, code: Any = None) -> str:
        return sha256(dumped([self.code if code is None else code, made_of])).hexdigest()

    def there(self, key: str) -> Iterator[Path]:
        """Yield the entries of a key, which may be damaged."""
        for place in self.folder.glob(f"{key}-*"):
            self.used.add(place)
            yield place

    def keep(self, new: Path, name: str) -> Path:
        """Give a finished entry its name."""
        place = self.folder / name
        _remove(place)
        self.used.add(new.rename(place))
        return place

    def drop_oldest(self) -> None:
        """Drop the oldest entries of those that were not used: a store of many releases uses more than ``AT_MOST``."""
        others = [place for place in self.folder.glob("*") if place not in self.used]
        for old in sorted(others, key=os.path.getmtime, reverse=True)[AT_MOST:]:
            _remove(old)


_keeper: ContextVar[_Keeper | None] = ContextVar("keeper", default=None)


@contextmanager
def keeping(folder: Path, code: Any) -> Iterator[None]:
    """Keep texts and files in ``folder``; ``code`` describes the code that makes them."""
    keeper = _Keeper(folder, code)
    before = _keeper.set(keeper)
    try:
        yield
    finally:
        _keeper.reset(before)
        with suppress(OSError):
            keeper.drop_oldest()


def kept(made_of: str, make: Callable[[], str]) -> str:
    """Return the cached text for these inputs, else that of ``make``, which is then cached."""
    keeper = _keeper.get()
    if keeper is None:
        return make()
    key = keeper.key(made_of)
    for place in keeper.there(key):
        with suppress(OSError):
            data = place.read_bytes()
            if place.name == f"{key}-{disk.sha256_of(data)}":
                return data.decode()
    text = make()
    with suppress(OSError):
        new = _new(keeper.folder)
        new.write_text(text, encoding="utf-8", newline="")
        keeper.keep(new, f"{key}-{disk.sha256_of(text.encode())}")
    return text


def kept_files(made_of: str, write: Callable[[Path], None], code: Any = None) -> Mapping[str, disk.Data]:
    """Return the cached files for these inputs, by name, else those that ``write`` puts into a folder, which is then cached.

    ``code`` describes the code that makes them, if they depend on less code than ``keeping`` names. Files that cannot be
    cached are in memory.
    """
    keeper = _keeper.get()
    key = keeper.key(made_of, code) if keeper else ""
    for place in keeper.there(key) if keeper else ():
        with suppress(OSError, ReleaseError):
            found = _read(place)
            if place.name == _name(key, found):
                return found
    if keeper:
        with suppress(OSError):
            new = _new(keeper.folder)
            new.mkdir()
            write(new)
            found = _read(new)
            place = keeper.keep(new, _name(key, found))
            return {name: disk.FileRef(place / name, file.sha256, file.size) for name, file in found.items()}
    with TemporaryDirectory(prefix="cbrn-data-") as folder:
        write(Path(folder))
        return {name: disk.read(Path(folder) / name) for name in disk.entries(Path(folder))}


def _read(folder: Path) -> dict[str, disk.FileRef]:
    paths = [folder / name for name in disk.entries(folder)]
    return {path.name: disk.FileRef(path, disk.digest(path), disk.size(path)) for path in paths}


def _name(key: str, files: Mapping[str, disk.FileRef]) -> str:
    listed = checksums({name: file.sha256 for name, file in files.items()})
    return f"{key}-{disk.sha256_of(listed)}"


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f".{token_hex(8)}"


def _remove(place: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
