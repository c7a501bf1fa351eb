"""The frequency of Python's cyclic garbage collection."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Run the cyclic garbage collector a hundred times less often.

    Definitions, syntax trees and rows are many long-lived objects; scanning them takes a fifth of a run.
    """
    gc.set_threshold(100_000, 20, 100)
