"""How often Python looks for garbage in cycles."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Look for garbage in cycles a hundred times less often than Python does.

    Definitions, syntax trees and rows are many objects that live long, and to look through them takes a fifth of a run.
    """
    gc.set_threshold(100_000, 20, 100)
