"""Libraries that others import if they are there, hidden where nothing uses them: to import one can take half a second.

What needs one later still gets it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


class _Hidden(MetaPathFinder):
    def __init__(self, library: str) -> None:
        self._library = library

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name == self._library:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@contextmanager
def _hidden(library: str) -> Iterator[None]:
    """Say during the body that a library is not installed, unless it is imported already."""
    finder = _Hidden(library)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def pandera_without_hypothesis() -> None:
    """Import pandera and its checks of pandas without the library that makes up data for tests, if that is installed."""
    with _hidden("hypothesis"):
        import pandera.backends.pandas.builtin_checks  # noqa: F401


def pyarrow_without_pandas() -> None:
    """Import pyarrow, and let it not import pandas to ask whether a list is a column of pandas, which it does once.

    Until something asks it for pandas, it takes no column of pandas for one.
    """
    with _hidden("pandas"):
        import pyarrow as pa

        pa.array([])


def signers_without_boto3() -> None:
    """Import the library of signatures of TUF without the one that asks Amazon to sign."""
    with _hidden("boto3"):
        import securesystemslib.signer  # noqa: F401
