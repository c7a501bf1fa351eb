"""The path of a page: one rule for the code that makes pages and the code that links to them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.store.names import inside

_LONGEST = 70


@lru_cache(1024)
def page_path(folder: str, name: str, number: int = 1) -> str:
    """Return the path of a page; a name that is not a valid file name is replaced by its digest.

    >>> page_path("tables", "projects"), page_path("tables", "projects", 2), page_path("sources", "con")
    ('tables/projects.html', 'tables/projects-2.html', 'sources/x-1143da2bc54c495c.html')
    """
    more = f"-p{number}" if number > 1 and folder == "sources" else f"-{number}" if number > 1 else ""
    try:
        inside(Path(), f"{folder}/{name}.html")
        usable = len(name) <= _LONGEST
    except ReleaseError:
        usable = False
    return f"{folder}/{name if usable else 'x-' + hashlib.sha256(name.encode()).hexdigest()[:16]}{more}.html"
