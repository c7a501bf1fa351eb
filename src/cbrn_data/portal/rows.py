"""The HTML of rows and cells, made in Python, because Jinja macros for so many cells would take most of the time.

``assets/table.js`` makes the same elements from the rows that a script of a table holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from markupsafe import Markup

from cbrn_data.normalise.text import slug
from cbrn_data.pages import escaped
from cbrn_data.portal.cells import Cell, ShownRow, Words
from cbrn_data.schema.model import Field

LABEL = 70
"""Characters of the name of a row to which a cell refers."""

_LONG, _SHORT = 60, 12
"""Characters: longer text is set as a text, and text up to the shorter length on one line."""


def row(shown: ShownRow, root: str, ids: bool = True, named: bool = False, sparse: Collection[str] = ()) -> Markup:
    """Return a row of a table. ``root`` leads to the root of the site; with ``ids``, links can lead to each cell.

    ``sparse`` are the columns that few rows fill, which are narrow.
    """
    place = f"row/{escaped(shown.row_id)}"
    cells = [
        f"<td{_id(f'{place}:{escaped(cell.field.name)}', ids)}{_look(cell, named, sparse)} "
        f'data-label="{escaped(column(cell.field, named and cell.named))}">{_value(cell, root, named)}</td>\n'
        for cell in shown.cells
    ]
    return Markup(f"<tr{_id(place, ids)}>\n{''.join(cells)}</tr>\n")  # noqa: S704 - all parts are escaped


def value(cell: Cell, root: str, named: bool = False) -> Markup:
    """Return a cell with its links. With ``named``, the name of the row comes first, then its key."""
    return Markup(_value(cell, root, named))  # noqa: S704 - all parts are escaped


def column(field: Field, named: bool) -> str:
    """Return the title of a column, or of an id if it is shown as the name that it stands for."""
    return field.title.removesuffix(" ID") if named else field.title


def out(address: str, host: str) -> Markup:
    """Return the link to a public page."""
    return Markup(_out(address, host))  # noqa: S704 - all parts are escaped


def cut(text: str, length: int) -> str:
    """Return a text that is at most five characters longer than ``length``, as Jinja's filter ``truncate`` cuts it."""
    return text if len(text) <= length + 5 else f"{text[: length - 3]}..."


def _id(place: str, ids: bool) -> str:
    return f' id="{place}"' if ids else ""


def _look(cell: Cell, named: bool, sparse: Collection[str]) -> str:
    names = ["number"] if cell.field.type == "integer" else []
    length = len(cell.text or "")
    if cell.text is None and not cell.why:
        names.append("null")
    elif length > _LONG:
        names.append("long sparse" if cell.field.name in sparse else "long")
    elif 0 < length <= _SHORT and not names and not (named and cell.to):
        names.append("nowrap")
    return f' class="{" ".join(names)}"' if names else ""


def _value(cell: Cell, root: str, named: bool) -> str:
    if cell.text is None:
        return f'<span title="{escaped(cell.why)}">≠</span>' if cell.why else "–"
    if cell.to is None:
        return _words(cell, cell.text, root, is_ours(cell.field))
    address, name = f"{root}{escaped(cell.to[0])}", cell.to[1]
    if named:
        # An id that only repeats the name is not shown, but its words are.
        repeats = cell.text in (name, slug(name))
        words = _words(cell, "source" if repeats else cell.text, root, repeats)
        return f'<a href="{address}"><bdi>{escaped(cut(name, 160))}</bdi></a> <div class="soft code-of">{words}</div>'
    shown = f"<bdi{_ours(not cell.named)}>{escaped(cut(name, LABEL))}</bdi>"
    return f'{_words(cell, cell.text, root, is_ours(cell.field))} <a class="to" href="{address}">{shown}</a>'


def _words(cell: Cell, text: str, root: str, ours: bool) -> str:
    shown = f"<bdi{_ours(ours)}>{escaped(text)}</bdi>"
    if cell.words:
        shown = _passage(cell.words[0], root, "words", shown)
    if cell.out:
        shown += f"\u00a0{_out(cell.out, cell.host)}"  # the arrow never stands alone on a line
    if len(cell.words) > 1:
        shown += f" {_passages(cell.words, root)}"
    return shown


def is_ours(field: Field) -> bool:
    """Return whether the values of a column are words of its definition, and not those of a source."""
    return "enum" in field.constraints


def _ours(ours: bool) -> str:
    """Return the class of words that are translated, because they are ours."""
    return ' class="ours"' if ours else ""


def _passages(all_words: Sequence[Words], root: str) -> str:
    listed = "".join(f"<li>{_passage(one, root, 'more', escaped(one.name))}</li>" for one in all_words)
    number = len(all_words)
    return f'<details class="passages"><summary aria-label="{number} passages">{number}</summary><ul>{listed}</ul></details>'


def _passage(words: Words, root: str, look: str, shown: str) -> str:
    title = f' title="{escaped(words.name)}"' if look == "words" else ""
    return f'<a class="{look}" href="{root}{escaped(words.address)}"{title}>{shown}</a>'


def _out(address: str, host: str) -> str:
    safe = 'rel="noopener noreferrer nofollow"'
    return f'<a class="out" href="{escaped(address)}" {safe} aria-label="Public page at {escaped(host)}">↗</a>'
