"""A place behind ``s3://``: Amazon's, or any store that speaks its protocol (``AWS_ENDPOINT_URL``).

Each object has its sha256 in its metadata, since an ETag is a digest only of some uploads (not of one in parts, nor of an
encrypted one). An object without it was put by another tool, and is read to see what it is. Metadata belongs to
the bytes: S3 knows no change of an object, only another one.

Every upload is conditional (``If-None-Match: *`` for what was absent, ``If-Match`` for what was seen), which S3 judges in
one step with the upload. Cost: a server that does not know these headers cannot be pushed to; ``lease`` finds that out.
Larger files go up in parts, where only ``If-None-Match`` can be had from s3fs: releases are held by it, and a large
file of ``latest/`` by the lease alone. Parts of an upload that was cut short are not seen, but kept and billed until
a lifecycle rule of the bucket (``AbortIncompleteMultipartUpload``) removes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cbrn_data.push.contents import ASK_AGAIN, Item
from cbrn_data.push.place import CHUNK, HIDDEN, SMALL, ConflictError, Seen, check_small, explained, sha256_of
from cbrn_data.store.media import media_type

_PARTS_AT_ONCE = 2
_MOST_PARTS = 10_000
_SHA256 = "sha256"
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "409", "412"})


class S3Place:
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
        with explained(f"{self.address}/{name}"):
            try:
                return self._files.call_s3("head_object", **self._at(name))
            except FileNotFoundError:
                return None

    def seen(self, name: str) -> Seen | None:
        """See ``Place``."""
        head = self._head(name)
        if head is None:
            return None
        stated = head["Metadata"].get(_SHA256, "")
        return Seen(stated if re.fullmatch("[0-9a-f]{64}", stated) else self.digest(name), head["ETag"])

    def digest(self, name: str) -> str:
        """See ``Place``."""
        with (
            explained(f"{self.address}/{name}"),
            self._files.open(self._path(name), "rb", block_size=CHUNK, cache_type="readahead") as file,
        ):
            return sha256_of(file)

    def put(self, item: Item, seen: Seen | None) -> None:
        """See ``Place``."""
        headers: dict[str, Any] = {"ContentType": item.media_type, "CacheControl": item.cache}
        headers |= {"Metadata": {_SHA256: item.sha256}} | ({"IfMatch": seen.tag} if seen else {"mode": "create"})
        size = max(CHUNK, -(-item.size // _MOST_PARTS))
        with explained(f"{self.address}/{item.name}"), _told():
            path = self._path(item.name)
            self._files.put_file(str(item.path), path, chunksize=size, max_concurrency=_PARTS_AT_ONCE, **headers)

    def read(self, name: str) -> tuple[bytes, str] | None:
        """See ``Place``; the tag is the older of the two answers, so that a change between them is a conflict later."""
        head = self._head(name)
        if head is None:
            return None
        with explained(f"{self.address}/{name}"):
            check_small(head["ContentLength"], f"{self.address}/{name}")
            try:
                return self._files.cat_file(self._path(name), end=SMALL), head["ETag"]
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes, tag: str | None) -> str:
        """See ``Place``."""
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        headers = {"ContentType": media_type(name), "CacheControl": ASK_AGAIN}
        with explained(f"{self.address}/{name}"), _told():
            answer = self._files.call_s3("put_object", **self._at(name), Body=data, **headers, **condition)
            return str(answer["ETag"])

    def remove(self, name: str) -> None:
        """See ``Place``; S3 answers alike whether there was an object or not."""
        with explained(f"{self.address}/{name}"):
            self._files.call_s3("delete_object", **self._at(name))

    def is_empty(self) -> bool:
        """See ``Place``."""
        with explained(self.address):
            prefix = self._at("")["Key"]
            some = self._files.call_s3("list_objects_v2", Bucket=self._bucket, Prefix=prefix, MaxKeys=10)
        return all(entry["Key"].removeprefix(prefix).startswith(HIDDEN) for entry in some.get("Contents", []))


@contextmanager
def _told() -> Iterator[None]:
    """Tell a condition that did not hold from every other error; of an object that is gone, ``If-Match`` says 404."""
    try:
        yield
    except OSError as error:
        answer = getattr(error.__cause__, "response", {}).get("Error", {})
        if isinstance(error, FileExistsError) or answer.get("Code") in _CONFLICTS | {"NoSuchKey"}:
            raise ConflictError(f"{error}: was changed by somebody else") from error
        raise
