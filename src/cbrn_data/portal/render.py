"""From a template and data to the bytes of a page of the portal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.kept import kept
from cbrn_data.pages import template_environment
from cbrn_data.portal import rows
from cbrn_data.portal.cite import page_citation
from cbrn_data.portal.languages import scripts_of
from cbrn_data.portal.links import root_of
from cbrn_data.portal.marked import marked
from cbrn_data.portal.pictures.preview import PREVIEW, SIZE

_KINDS = {"curated": "compiled from public pages", "bulk": "large table", "records": "large table"}
"""The kinds of sources that have other words for people."""

_METHODS = {
    "verbatim": "copied as it stands",
    "normalised": "written in the form of the column",
    "counted": "counted from these words",
    "derived": "concluded from these words by a rule",
    "curated": "entered by a person from a public page",
}

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""The content security policy. A page cannot state ``frame-ancestors``; the preview server adds it."""


class _Templates(Environment):
    """An environment that caches compiled templates, because compiling takes longer than rendering most pages."""

    def compile(
        self, source: Any, name: Any = None, filename: Any = None, raw: Any = False, defer_init: bool = False
    ) -> Any:
        def made() -> str:
            return super(_Templates, self).compile(source, name, filename, True, defer_init)

        python = kept(f"{name} {defer_init}\n{source}", made)
        return python if raw else self._compile(python, filename or "<template>")


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = template_environment("cbrn_data.portal", _Templates)
    made.filters["first_small"] = lambda text: text[:1].lower() + text[1:]
    made.filters["words"] = lambda name: str(name).replace("_", " ")
    made.filters["size"] = _size
    made.globals |= {"policy": POLICY, "row": rows.row, "value": rows.value, "out": rows.out}
    made.filters["news"] = _news
    made.globals |= {"column": rows.column, "kinds": _KINDS, "methods": _METHODS}
    made.globals |= {"marked": marked, "page_citation": page_citation, "preview": (PREVIEW, *SIZE)}
    return made


def render(template: str, path: str, *, defines: Iterable[str] = (), **data: Any) -> bytes:
    """Return the page at ``path`` (in ``published/``), made from a template; ``defines`` are tables that it describes."""
    links = {"root": root_of(path), "path": path, "russian": scripts_of([template, *defines])}
    return environment().get_template(f"{template}.html.j2").render(**links | data).encode()


def missing_page(site: Catalogue) -> bytes:
    """Return the page that servers show for an address without a file; its links must lead from any folder."""
    return render("missing", "404.html", site=site, root=urlsplit(site.base).path)


def _news(summary: str) -> str:
    """Return the summary of a release without the names of files and fields that can end it.

    >>> _news("No value changed, only sources (package.yaml: coverage)"), _news("1 project added (P113)")
    ('No value changed, only sources', '1 project added (P113)')
    """
    return re.sub(r" \([^()]*[a-z][._][^()]*\)$", "", summary)


def _size(number: Any) -> str:
    """Return a size in bytes for people.

    >>> _size(290), _size("18154"), _size(2_500_000)
    ('290 bytes', '18.2 kB', '2.5 MB')
    """
    bytes_ = int(number)
    if bytes_ < 1000:
        return f"{bytes_} bytes"
    return f"{bytes_ / 1000:.1f} kB" if bytes_ < 1_000_000 else f"{bytes_ / 1_000_000:.1f} MB"
