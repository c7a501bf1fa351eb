"""Hide optional dependencies of libraries while nothing uses them, because importing one can take half a second.

Later code can still import them.
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
    """Make a library look as if it were not installed while the body runs, unless it is imported already."""
    finder = _Hidden(library)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def pandera_without_hypothesis() -> None:
    """Import pandera and its pandas checks without hypothesis, which generates test data."""
    with _hidden("hypothesis"):
        import pandera.backends.pandas.builtin_checks  # noqa: F401


def pyarrow_without_pandas() -> None:
    """Import pyarrow, and keep it from importing pandas to test whether a list is a pandas column; it tests this once.

    Until something uses its conversions to pandas, pyarrow does not recognise pandas columns.
    """
    with _hidden("pandas"):
        import pyarrow as pa

        pa.array([])


def signers_without_boto3() -> None:
    """Import securesystemslib's signers without boto3, which only signing with AWS needs."""
    with _hidden("boto3"):
        import securesystemslib.signer  # noqa: F401
