"""From a template and data to the bytes of a page: the one place where HTML is made.

Autoescaping is on for every template. What a person could not see in text (controls, bidirectional and invisible
characters) is escaped as well, so that a page looks like what it says; spaces of any width are spaces.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cbrn_data.findings import shown
from cbrn_data.portal.labels import label
from cbrn_data.portal.links import root_of

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""What a page may do. A page cannot state ``frame-ancestors``; the preview server adds it."""


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = Environment(
        loader=PackageLoader("cbrn_data.portal", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["thousands"] = lambda number: f"{int(number):,}"
    made.filters["first_small"] = lambda text: text[:1].lower() + text[1:]
    made.filters["label"] = label
    made.filters["words"] = lambda name: str(name).replace("_", " ")
    made.filters["size"] = _size
    made.globals["policy"] = POLICY
    return made


def render(template: str, path: str, **data: Any) -> bytes:
    """Return the page at ``path`` (in ``published/``) made by a template."""
    return environment().get_template(f"{template}.html.j2").render(root=root_of(path), path=path, **data).encode()


def macro(template: str, name: str) -> Any:
    """Return a macro of a template, for what is rendered piece by piece."""
    return getattr(environment().get_template(f"{template}.html.j2").module, name)


def _inert(value: Any) -> Any:
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "\n".join(line if line.isprintable() else _visible(line) for line in value.split("\n"))


def _visible(line: str) -> str:
    return "".join(char if unicodedata.category(char) == "Zs" else shown(char, 1) for char in line)


def _size(number: Any) -> str:
    """Return a size in bytes for people.

    >>> _size(290), _size("18154"), _size(2_500_000)
    ('290 bytes', '18.2 kB', '2.5 MB')
    """
    bytes_ = int(number)
    if bytes_ < 1000:
        return f"{bytes_} bytes"
    return f"{bytes_ / 1000:.1f} kB" if bytes_ < 1_000_000 else f"{bytes_ / 1_000_000:.1f} MB"
