"""Open the bytes of a table: hash them, unpack them, and decode them to UTF-8, in bounded memory."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from cbrn_data.findings import shown
from cbrn_data.isolated import UnreadableError
from cbrn_data.tabular.grammar import breaks

CHUNK = 1 << 20
RATIO = 200
"""The most bytes that a compressed byte may become, above ``FREE``."""
FREE = 1 << 30

UTF8 = "utf-8"
_NO_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_LISTED = 100
_NAMES = {
    "utf-8": "csutf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16-be": "unicodefffe",
    "utf-16-le": "unicodefeff",
    **{f"iso8859-{part}": f"iso8859{part} csiso8859{part}" for part in (1, 2, 3, 4, 5, 9, 10, 11, 13, 14, 16)},
    "iso8859-6": "iso88596 iso-8859-6-e iso-8859-6-i csiso88596e csiso88596i",
    "iso8859-7": "iso88597 sun_eu_greek",
    "iso8859-8": "iso88598 iso-8859-8-e iso-8859-8-i csiso88598e csiso88598i logical visual",
    "iso8859-15": "iso885915 csiso885915 latin-9 csisolatin9",
    **{f"cp{page}": f"x-cp{page} cswindows{page}" for page in range(1250, 1259)},
    "cp858": "ibm00858 ccsid00858 cp00858 pc-multilingual-850+euro",
    "cp874": "windows-874 cswindows874 dos-874",
    "cp932": "windows-31j cswindows31j x-sjis",
    "cp949": "windows-949",
    "cp1140": "ibm01140 ccsid01140 cp01140 ebcdic-us-37+euro",
    "koi8-r": "koi koi8",
    "mac-roman": "mac csmacintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gbk": "windows-936 csgbk x-gbk",
    "gb2312": "csgb2312 gb_2312 gb_2312-80",
    "gb18030": "csgb18030",
    "big5": "cn-big5 x-x-big5",
    "euc_jp": "cseucpkdfmtjapanese x-euc-jp extended_unix_code_packed_format_for_japanese",
    "euc_kr": "cseuckr csksc56011987 iso-ir-149 ks_c_5601-1989 ksc_5601",
}
"""Names in IANA's registry and in browsers (https://encoding.spec.whatwg.org/) that Python lacks, by Python's name."""
_OF_NAME = {name: ours for ours, names in _NAMES.items() for name in names.split()}


@dataclass(frozen=True)
class Undecodable:
    """A byte that an encoding does not have: its place from 1, its value, and its line from 1."""

    place: int
    value: int
    line: int


def codec(name: str) -> str | None:
    """Return Python's name of a text encoding, ``utf-8`` for each spelling of UTF-8; None if it is unknown.

    A name that means one encoding in IANA's registry and another in browsers, such as ``iso-8859-1``, means the first.

    >>> codec("UTF8"), codec("utf-8-sig"), codec("windows-1251"), codec("rot13")
    ('utf-8', 'utf-8', 'cp1251', None)
    """
    bare = name.strip().lower()
    try:
        found = codecs.lookup(_OF_NAME.get(bare, bare))
    except (LookupError, ValueError, UnicodeError):
        return None
    if not getattr(found, "_is_text_encoding", False) or found.incrementaldecoder is None or found.name in _NO_TEXT:
        return None
    return UTF8 if found.name in ("utf-8", "utf-8-sig") else found.name


class Hashing(io.RawIOBase):
    """A file that is hashed while it is read; another thread hashes each part until the next read."""

    def __init__(self, file: BinaryIO, thread: Executor, algorithms: set[str]) -> None:
        self._file, self._thread = file, thread
        self._digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._hashed: Future[None] | None = None
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wait()
        count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if self._digests:
            self._hashed = self._thread.submit(self._update, memoryview(buffer)[:count])
        self.size += count
        return count

    def digests(self) -> dict[str, str]:
        """Return the hexadecimal digests of all bytes read, by algorithm."""
        self._wait()
        return {name: digest.hexdigest() for name, digest in self._digests.items()}

    def _update(self, data: memoryview) -> None:
        for digest in self._digests.values():
            digest.update(data)

    def _wait(self) -> None:
        if self._hashed is not None:
            self._hashed.result()


class _Stream(io.RawIOBase):
    """A file whose bytes ``more`` returns, b"" at the end; ``inner`` is its name in an archive."""

    def __init__(self, more: Callable[[], bytes], inner: str = "") -> None:
        self._more, self._left, self.inner = more, memoryview(b""), inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(self._more())
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


@contextmanager
def unpacked(file: BinaryIO, compression: str, inner: str = "") -> Iterator[BinaryIO]:
    """Yield the content of a compressed file; ``compression`` is "", "gz" or "zip".

    ``inner`` is the name of the table in a ZIP archive; without it, the archive must have one file. Raises UnreadableError,
    also while the content is read.
    """
    with ExitStack() as stack:
        if compression == "gz":
            content: Any = stack.enter_context(gzip.GzipFile(fileobj=file, mode="rb"))
            yield _Stream(_limited(content, lambda: getattr(file, "size", 0), "gzip"))  # type: ignore[misc]
        elif compression == "zip":
            try:
                archive = stack.enter_context(zipfile.ZipFile(file))
                entry = _chosen(archive, inner)
                content = stack.enter_context(archive.open(entry))
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
                raise UnreadableError(f"is not a ZIP archive that can be unpacked ({error})") from error
            yield _Stream(_limited(content, lambda: entry.compress_size, "ZIP"), entry.filename)  # type: ignore[misc]
        else:
            yield file


def _chosen(archive: zipfile.ZipFile, inner: str) -> zipfile.ZipInfo:
    """Return the file of the name ``inner``, or the only one. Raises UnreadableError."""
    files = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    found = [one for one in files if one.filename == inner] if inner else files
    if len(found) == 1:
        return found[0]
    names = ", ".join(shown(one.filename, 40) for one in files[:3]) + (", …" if len(files) > 3 else "")
    several = f"is a ZIP archive of {len(files)} files ({names})"
    if inner:
        raise UnreadableError(f"{several}, and {len(found)} of them have the name {shown(inner, 40)}, its innerpath")
    raise UnreadableError(f"{several}; name one as innerpath in the resource, or unpack it")


def _limited(inner: Any, packed: Callable[[], int], kind: str) -> Callable[[], bytes]:
    made = 0

    def more() -> bytes:
        nonlocal made
        try:
            data: bytes = inner.read(CHUNK)
        except (EOFError, zlib.error, OSError, zipfile.BadZipFile) as error:
            raise UnreadableError(f"is compressed with {kind}, and damaged or cut off ({error})") from error
        made += len(data)
        if made > FREE + RATIO * packed():
            raise UnreadableError(f"expands to more than {RATIO} times its size, so it is not read to its end")
        return data

    return more


class Decoded(_Stream):
    """A file in another encoding, as UTF-8. Bytes that cannot be decoded become U+FFFD, and are listed in ``faults``."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        super().__init__(self._next)
        self._file, self._encoding = file, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(errors=_HANDLER)
        self._fed, self._line, self._ended = 0, 1, False
        self.faults: list[Undecodable] = []
        self.count = 0

    def _next(self) -> bytes:
        while not self._ended:
            data = self._file.read(CHUNK)
            self._ended = not data
            pending = len(self._decoder.getstate()[0])
            _FAULTS.listed.clear()
            try:
                text = self._decoder.decode(data, final=self._ended)
            except UnicodeError as error:  # not of a byte, but of the whole: no byte order mark
                name = self._encoding
                ways = f"; name {name}-le or {name}-be" if name in ("utf-16", "utf-32") else ""
                raise UnreadableError(f"is not text in {name} ({error}){ways}") from error
            found, base = list(_FAULTS.listed), self._fed - pending
            for start, value, before in found[: max(0, _LISTED - len(self.faults))]:
                line = self._line + breaks(before.decode(self._encoding, "replace").encode("utf-8", "replace"))
                self.faults.append(Undecodable(base + start + 1, value, line))
            self.count += len(found)
            self._fed += len(data)
            if text:
                encoded = text.encode("utf-8", "replace")
                self._line += breaks(encoded)
                return encoded
        return b""


class _Faults(threading.local):
    """The bytes that the decoder of this thread has refused: place, value, and what was before it."""

    def __init__(self) -> None:
        self.listed: list[tuple[int, int, bytes]] = []


_FAULTS = _Faults()
_HANDLER = "cbrn-data-list"


def _list_fault(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    before = error.object[: error.start] if len(_FAULTS.listed) < _LISTED else b""
    _FAULTS.listed.append((error.start, error.object[error.start], before))
    return "\ufffd", error.end


codecs.register_error(_HANDLER, _list_fault)
