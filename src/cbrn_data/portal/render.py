"""From a template and data to the bytes of a page of the portal."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment

from cbrn_data.pages import template_environment
from cbrn_data.portal import rows
from cbrn_data.portal.links import root_of
from cbrn_data.portal.marked import marked
from cbrn_data.portal.names import label

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""The content security policy. A page cannot state ``frame-ancestors``; the preview server adds it."""


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = template_environment("cbrn_data.portal")
    made.filters["first_small"] = lambda text: text[:1].lower() + text[1:]
    made.filters["label"] = label
    made.filters["words"] = lambda name: str(name).replace("_", " ")
    made.filters["size"] = _size
    made.globals |= {"policy": POLICY, "row": rows.row, "value": rows.value, "out": rows.out, "marked": marked}
    return made


def render(template: str, path: str, **data: Any) -> bytes:
    """Return the page at ``path`` (in ``published/``), made from a template."""
    return environment().get_template(f"{template}.html.j2").render(root=root_of(path), path=path, **data).encode()


def _size(number: Any) -> str:
    """Return a size in bytes for people.

    >>> _size(290), _size("18154"), _size(2_500_000)
    ('290 bytes', '18.2 kB', '2.5 MB')
    """
    bytes_ = int(number)
    if bytes_ < 1000:
        return f"{bytes_} bytes"
    return f"{bytes_ / 1000:.1f} kB" if bytes_ < 1_000_000 else f"{bytes_ / 1_000_000:.1f} MB"
