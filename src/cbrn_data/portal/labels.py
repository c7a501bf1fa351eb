"""Russian labels of tables, columns and the words that a column allows, for readers in the partner countries.

They stand beside the English ones and replace none; what a source says is never translated. The labels are keyed by the
English words of the definitions in ``labels.csv``, a file of the portal and not of the data: another word there makes
new pages and no new release. A word that has none, as in an older release, is shown in English alone.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files as package_files

from cbrn_data.schema.canonical import read_csv
from cbrn_data.schema.model import Field

TAG = "ru"
"""The language of the labels (BCP 47)."""


@cache
def labels() -> dict[str, str]:
    """Return English words -> Russian ones."""
    _, rows = read_csv(package_files("cbrn_data.portal").joinpath("labels.csv").read_bytes())
    return {row["english"] or "": row[TAG] or "" for row in rows}


def label(english: str) -> str | None:
    """Return the Russian label of a table or a column, None where there is none.

    >>> label("Projects"), label("A column of long ago")
    ('Проекты', None)
    """
    return labels().get(english)


def allowed(field: Field) -> list[tuple[str, str]]:
    """Return the words that a column allows, each with its Russian label."""
    return [(word, found) for word in map(str, field.constraints.get("enum", ())) if (found := label(word))]
