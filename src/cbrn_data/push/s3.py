"""A place at ``s3://``: Amazon S3, or compatible storage (``AWS_ENDPOINT_URL``).

Each object has its sha256 in its metadata, because an ETag is a digest only for some uploads (not for multipart or encrypted
ones). An object without it was uploaded by another tool, and is read to find its digest. Metadata always belongs to the
bytes, because S3 replaces objects and never changes them.

Every upload is conditional (``If-None-Match: *`` for a missing object, ``If-Match`` for a seen one), which S3 checks
atomically. Cost: storage that does not support these headers is refused; ``lease`` detects it. Larger files are uploaded in
parts, for which s3fs supports only ``If-None-Match``: it protects releases, and only the lease protects a large file of
``latest/``. A copy within the bucket has no condition, so only the lease protects it too. Parts of an interrupted upload are
invisible, but kept and billed until a lifecycle rule of the bucket (``AbortIncompleteMultipartUpload``) removes them.

Each request ends within ``ANSWER`` seconds and the time for its bytes, whatever the storage sends, and follows no redirect:
S3 names another region in an answer of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError
from s3fs import S3FileSystem

from cbrn_data.deadline import SLOWEST
from cbrn_data.errors import PushError
from cbrn_data.push.contents import ASK_AGAIN, Item
from cbrn_data.push.place import CHUNK, HIDDEN, SMALL, ConflictError, Place, Seen, explained
from cbrn_data.push.refused import REGION, refusal_words
from cbrn_data.store.disk import LARGEST
from cbrn_data.store.media import media_type

ANSWER = 60.0
"""The most seconds of a request, with all that s3fs tries again, besides the time for the bytes of a file."""
_PARTS_AT_ONCE = 2
_MOST_PARTS = 10_000
_COPIED_AT_MOST = 5 << 30
"""Bytes that S3 copies at once (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)."""
_SHA256 = "sha256"
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "409", "412"})


class _Strict:
    """A session of aiohttp that follows no redirect."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def request(self, *arguments: Any, **options: Any) -> Any:
        return self._session.request(*arguments, allow_redirects=False, **options)


class _Sessions(AIOHTTPSession):  # type: ignore[misc]
    async def _get_session(self, proxy_url: str | None) -> _Strict:
        return _Strict(await super()._get_session(proxy_url))


class S3Place(Place):
    """A folder of a bucket."""

    at_once = 4

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        config = {"http_session_cls": _Sessions}
        self._files: Any = S3FileSystem(use_listings_cache=False, skip_instance_cache=True, config_kwargs=config)
        self._bucket, _, self._folder = self.address.partition("://")[2].partition("/")

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._folder}/{name}".lstrip("/")}

    def _path(self, name: str) -> str:
        return "/".join(self._at(name).values())

    def _wait(self, function: Callable[..., Any], *arguments: Any, size: int = 0, **options: Any) -> Any:
        """Return the result of a coroutine, which may take ``ANSWER`` seconds and the time to send ``size`` bytes."""

        async def timed() -> Any:
            async with asyncio.timeout(ANSWER + size / SLOWEST):
                return await function(*arguments, **options)

        return self._run(timed)

    def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return sync(self._files.loop, function, *arguments)
        except FSTimeoutError as error:
            raise PushError(f"{self.address}: the storage answers too slowly; push again") from error

    def _call(self, operation: str, **options: Any) -> Any:
        return self._wait(self._files._call_s3, operation, **options)

    async def _take(self, name: str, use: Callable[[bytes], object], most: int) -> str:
        """Give the pieces of an object to ``use``, and return its tag. Raises PushError for more bytes than ``most``."""
        total = 0
        async with asyncio.timeout(ANSWER) as limit:
            answer = await self._files._call_s3("get_object", **self._at(name))
            async with answer["Body"] as body:
                while piece := await body.read(CHUNK):
                    total += len(piece)
                    if total > most:
                        raise PushError(f"{self.address}/{name}: has more than {most:,} bytes; find out who wrote it")
                    use(piece)
                    limit.reschedule((limit.when() or 0) + len(piece) / SLOWEST)
        return str(answer["ETag"])

    def _head(self, name: str) -> Any:
        with _explained(f"{self.address}/{name}"):
            try:
                return self._call("head_object", **self._at(name))
            except FileNotFoundError:
                return None
            except OSError:
                self._call(
                    "get_object", **self._at(name), Range="bytes=0-0"
                )  # its answer gives the reason, which HEAD lacks
                raise

    def seen(self, name: str) -> Seen | None:
        head = self._head(name)
        if head is None:
            return None
        with _explained(f"{self.address}/{name}"):
            stated, tag = str(head["Metadata"].get(_SHA256, "")), str(head["ETag"])
        return Seen(stated if re.fullmatch("[0-9a-f]{64}", stated) else self.digest(name), tag)

    def digest(self, name: str) -> str:
        head, total = self._head(name), sha256()
        with _explained(f"{self.address}/{name}"):
            size = min(int(head["ContentLength"]), LARGEST)
            self._run(self._take, name, total.update, size)
        return total.hexdigest()

    def put(self, item: Item, seen: Seen | None) -> None:
        headers: dict[str, Any] = {"ContentType": item.media_type, "CacheControl": item.cache}
        headers |= {"Metadata": {_SHA256: item.sha256}} | ({"IfMatch": seen.tag} if seen else {"mode": "create"})
        size = max(CHUNK, -(-item.size // _MOST_PARTS))
        with _explained(f"{self.address}/{item.name}"), _conflicts_raised():
            path = self._path(item.name)
            parts = {"chunksize": size, "max_concurrency": _PARTS_AT_ONCE}
            self._wait(self._files._put_file, str(item.path), path, size=item.size, **parts, **headers)

    def copy(self, item: Item, source: str, seen: Seen | None) -> bool:
        if item.size > _COPIED_AT_MOST:
            return False
        headers: dict[str, Any] = {"ContentType": item.media_type, "CacheControl": item.cache}
        headers |= {"Metadata": {_SHA256: item.sha256}}
        with _explained(f"{self.address}/{item.name}"):
            headers |= {"CopySource": self._at(source), "MetadataDirective": "REPLACE"}
            self._wait(self._files._call_s3, "copy_object", size=item.size, **self._at(item.name), **headers)
        return True

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a small file and its tag, of one answer."""
        data = bytearray()
        with _explained(f"{self.address}/{name}"):
            try:
                tag = self._run(self._take, name, data.extend, SMALL)
            except FileNotFoundError:
                return None
        return bytes(data), tag

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        headers = {"ContentType": media_type(name), "CacheControl": ASK_AGAIN}
        with _explained(f"{self.address}/{name}"), _conflicts_raised():
            answer = self._call("put_object", **self._at(name), Body=data, **headers, **condition)
            return str(answer["ETag"])

    def remove(self, name: str) -> None:
        """Remove a file; S3 gives the same answer whether the object existed or not."""
        with _explained(f"{self.address}/{name}"):
            self._call("delete_object", **self._at(name))

    def is_empty(self) -> bool:
        with _explained(self.address):
            prefix = self._at("")["Key"]
            some = self._call("list_objects_v2", Bucket=self._bucket, Prefix=prefix, MaxKeys=10)
            return all(entry["Key"].removeprefix(prefix).startswith(HIDDEN) for entry in some.get("Contents", []))


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn a refusal of S3 into a PushError with its words, and any other exception of a library as ``explained``."""
    with explained(address):
        try:
            yield
        except RecursionError as error:  # what s3fs raises in a redirect loop
            raise PushError(f"{address}: the storage redirects without end; {REGION}") from error
        except Exception as error:
            if said := refusal_words(error):
                raise PushError(f"{address}: {said}") from error
            raise


@contextmanager
def _conflicts_raised() -> Iterator[None]:
    """Turn a failed condition into ConflictError; for a missing object, ``If-Match`` gives 404."""
    try:
        yield
    except OSError as error:
        answer = getattr(error.__cause__, "response", {}).get("Error", {})
        if isinstance(error, FileExistsError) or answer.get("Code") in _CONFLICTS | {"NoSuchKey"}:
            raise ConflictError(f"{error}: was changed by somebody else") from error
        raise
