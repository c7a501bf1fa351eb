"""The HTML of rows and cells. A site has so many that macros would take most of the time that its pages take."""

from __future__ import annotations

from markupsafe import Markup

from cbrn_data.pages import escaped
from cbrn_data.portal.cells import Cell, ShownRow

_LONG, _SHORT = 60, 12
"""Characters: longer text is set as a text, and text up to the shorter length on one line."""


def row(shown: ShownRow, root: str, ids: bool = True, named: bool = False) -> Markup:
    """Return a row of a table. ``root`` leads to the root of the site; with ``ids``, links can lead to each cell."""
    place = f"row/{escaped(shown.row_id)}"
    cells = [
        f"<td{_id(f'{place}:{escaped(cell.field.name)}', ids)}{_look(cell, named)}>{_value(cell, root, named)}</td>\n"
        for cell in shown.cells
    ]
    return Markup(f"<tr{_id(place, ids)}>\n{''.join(cells)}</tr>\n")  # noqa: S704 - all parts are escaped


def value(cell: Cell, root: str, named: bool = False) -> Markup:
    """Return a cell with its links. With ``named``, the name of the row comes first, then its key."""
    return Markup(_value(cell, root, named))  # noqa: S704 - all parts are escaped


def out(address: str, host: str) -> Markup:
    """Return the link to a public page."""
    return Markup(_out(address, host))  # noqa: S704 - all parts are escaped


def _id(place: str, ids: bool) -> str:
    return f' id="{place}"' if ids else ""


def _look(cell: Cell, named: bool) -> str:
    if cell.field.type == "integer":
        return ' class="number"'
    length = len(cell.text or "")
    if length > _LONG:
        return ' class="long"'
    return ' class="nowrap"' if 0 < length <= _SHORT and not (named and cell.to) else ""


def _value(cell: Cell, root: str, named: bool) -> str:
    if cell.text is None:
        return f'<span class="null" title="{escaped(cell.why or "no source says it")}">{"≠" if cell.why else "–"}</span>'
    words = _words(cell, cell.text, root)
    if cell.to is None:
        return f"{words}\n"
    address, name = f"{root}{escaped(cell.to[0])}", cell.to[1]
    if named:
        return f'<a href="{address}"><bdi>{_cut(name, 160)}</bdi></a> <span class="soft">{words}</span>'
    return f'{words}\n<a class="to" href="{address}"{" data-name" if cell.named else ""}><bdi>{_cut(name, 70)}</bdi></a>'


def _words(cell: Cell, text: str, root: str) -> str:
    shown = f"<bdi>{escaped(text)}</bdi>"
    for number, one in enumerate(cell.words, 1):
        link, name = f'href="{root}{escaped(one.address)}" title="{escaped(one.name)}"', escaped(one.name)
        if number == 1:
            shown = f'<a class="words" {link}>{shown}</a>'
        else:
            shown += f' <a class="more" {link} aria-label="passage {number}: {name}">{number}</a>'
    return f"{shown} {_out(cell.out, cell.host)}" if cell.out else shown


def _out(address: str, host: str) -> str:
    safe = 'rel="noopener noreferrer nofollow"'
    return f'<a class="out" href="{escaped(address)}" {safe} aria-label="Public page at {escaped(host)}">↗</a>'


def _cut(text: str, length: int) -> str:
    """Return a text that is at most five characters longer than ``length``, as Jinja's filter ``truncate`` cuts it."""
    return escaped(text if len(text) <= length + 5 else f"{text[: length - 3]}...")
