"""The parts that all pages share: the template environment, and the inline style and policy of single-file pages.

Autoescaping is on for every template. Characters that people cannot see (controls, bidirectional and invisible characters)
are also escaped, and spaces of any width become spaces.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cbrn_data.findings import shown

ALONE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The content security policy of a page that loads no other file."""


def template_environment(package: str, of: type[Environment] = Environment) -> Environment:
    """Return the environment of the templates of a package."""
    made = of(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["thousands"] = lambda number: f"{int(number):,}"
    return made


def inline_style() -> Markup:
    """Return the style sheet of the site, for pages that load no other file."""
    return Markup(files("cbrn_data").joinpath("portal/assets/site.css").read_text(encoding="utf-8"))  # noqa: S704 - our own


def inert(value: Any) -> Any:
    """Return what a template prints for a value: nothing for None, visible characters and line ends for a text.

    >>> inert("a\\u202eb"), inert(None), inert(3)
    ('a\\\\u202eb', '', 3)
    """
    if value is None:
        return ""
    if type(value) is not str or value.isprintable():  # Markup is a str of another type
        return value
    return "\n".join(line if line.isprintable() else _visible(line) for line in value.split("\n"))


def _visible(text: str) -> str:
    return "".join(char if unicodedata.category(char) == "Zs" else shown(char, 1) for char in text)


@lru_cache(4096)
def escaped(text: str) -> str:
    """Return text for an element or a quoted attribute.

    >>> escaped('"a" & <b>')
    '&#34;a&#34; &amp; &lt;b&gt;'
    """
    return str(escape(inert(text)))
