"""A place at ``s3://``: Amazon S3, or compatible storage (``AWS_ENDPOINT_URL``).

Each object has its sha256 in its metadata, because an ETag is a digest only for some uploads (not for multipart or encrypted
ones). An object without it was uploaded by another tool, and is read to find its digest. Metadata always belongs to the
bytes, because S3 replaces objects and never changes them.

Every upload is conditional (``If-None-Match: *`` for a missing object, ``If-Match`` for a seen one), which S3 checks
atomically. Cost: storage that does not support these headers is refused; ``lease`` detects it. Larger files are uploaded in
parts, for which s3fs supports only ``If-None-Match``: it protects releases, and only the lease protects a large file of
``latest/``. A copy within the bucket has no condition, so only the lease protects it too. Parts of an interrupted upload are
invisible, but kept and billed until a lifecycle rule of the bucket (``AbortIncompleteMultipartUpload``) removes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cbrn_data.errors import PushError
from cbrn_data.push.contents import ASK_AGAIN, Item
from cbrn_data.push.place import CHUNK, HIDDEN, SMALL, ConflictError, Place, Seen, check_small, explained, sha256_of
from cbrn_data.push.refused import REGION, refusal_words
from cbrn_data.store.media import media_type

_PARTS_AT_ONCE = 2
_MOST_PARTS = 10_000
_COPIED_AT_MOST = 5 << 30
"""Bytes that S3 copies at once (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)."""
_SHA256 = "sha256"
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "409", "412"})


class S3Place(Place):
    """A folder of a bucket."""

    at_once = 4

    def __init__(self, address: str) -> None:
        from s3fs import S3FileSystem

        self.address = address.rstrip("/")
        self._files: Any = S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
        self._bucket, _, self._folder = self.address.partition("://")[2].partition("/")

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._folder}/{name}".lstrip("/")}

    def _path(self, name: str) -> str:
        return "/".join(self._at(name).values())

    def _head(self, name: str) -> Any:
        with _explained(f"{self.address}/{name}"):
            try:
                return self._files.call_s3("head_object", **self._at(name))
            except FileNotFoundError:
                return None
            except OSError:
                self._files.call_s3("get_object", **self._at(name), Range="bytes=0-0")  # says why; HEAD has no words
                raise

    def seen(self, name: str) -> Seen | None:
        head = self._head(name)
        if head is None:
            return None
        stated = head["Metadata"].get(_SHA256, "")
        return Seen(stated if re.fullmatch("[0-9a-f]{64}", stated) else self.digest(name), head["ETag"])

    def digest(self, name: str) -> str:
        with (
            _explained(f"{self.address}/{name}"),
            self._files.open(self._path(name), "rb", block_size=CHUNK, cache_type="readahead") as file,
        ):
            return sha256_of(file)

    def put(self, item: Item, seen: Seen | None) -> None:
        headers: dict[str, Any] = {"ContentType": item.media_type, "CacheControl": item.cache}
        headers |= {"Metadata": {_SHA256: item.sha256}} | ({"IfMatch": seen.tag} if seen else {"mode": "create"})
        size = max(CHUNK, -(-item.size // _MOST_PARTS))
        with _explained(f"{self.address}/{item.name}"), _conflicts_raised():
            path = self._path(item.name)
            self._files.put_file(str(item.path), path, chunksize=size, max_concurrency=_PARTS_AT_ONCE, **headers)

    def copy(self, item: Item, source: str, seen: Seen | None) -> bool:
        if item.size > _COPIED_AT_MOST:
            return False
        headers = {"ContentType": item.media_type, "CacheControl": item.cache, "Metadata": {_SHA256: item.sha256}}
        with _explained(f"{self.address}/{item.name}"):
            there = self._at(source)
            self._files.call_s3(
                "copy_object", **self._at(item.name), CopySource=there, MetadataDirective="REPLACE", **headers
            )
        return True

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a small file and the tag of the first of two answers, so a change between them is a conflict later."""
        head = self._head(name)
        if head is None:
            return None
        with _explained(f"{self.address}/{name}"):
            check_small(head["ContentLength"], f"{self.address}/{name}")
            try:
                return self._files.cat_file(self._path(name), end=SMALL), head["ETag"]
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        headers = {"ContentType": media_type(name), "CacheControl": ASK_AGAIN}
        with _explained(f"{self.address}/{name}"), _conflicts_raised():
            answer = self._files.call_s3("put_object", **self._at(name), Body=data, **headers, **condition)
            return str(answer["ETag"])

    def remove(self, name: str) -> None:
        """Remove a file; S3 gives the same answer whether the object existed or not."""
        with _explained(f"{self.address}/{name}"):
            self._files.call_s3("delete_object", **self._at(name))

    def is_empty(self) -> bool:
        with _explained(self.address):
            prefix = self._at("")["Key"]
            some = self._files.call_s3("list_objects_v2", Bucket=self._bucket, Prefix=prefix, MaxKeys=10)
        return all(entry["Key"].removeprefix(prefix).startswith(HIDDEN) for entry in some.get("Contents", []))


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn a refusal of S3 into a PushError with its words, and any other exception of a library as ``explained``."""
    with explained(address):
        try:
            yield
        except RecursionError as error:  # how s3fs ends in a circle of redirects
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
