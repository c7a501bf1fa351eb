"""The patterns of strptime that a date, a time or a datetime may have as its format.

Python's strptime is what the standard names, and it reads one text at a time. A pattern of nothing but whole numbers
(``%d/%m/%Y``) can be turned round in Arrow instead, into the default form of the type, where every number has all its
digits; what has not is left to strptime.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow.compute as pc

from cbrn_data.tabular.kind import Column, Kernel, matches, where

_FORMS = {"date": "Y-m-d", "datetime": "Y-m-dTH:M:S"}
_MACHINE = frozenset({"%Z", "%c", "%x", "%X"})


def check_pattern(form: str) -> None:
    """Raise ValueError unless a moment written by the pattern can be read by it, alike on every machine."""
    directives = re.findall("%.?", form)
    if not set(directives) - {"%%"}:
        raise ValueError(f"the format {form!r} is neither default nor any nor a pattern of strptime")
    if _MACHINE & set(directives):
        raise ValueError(f"the format {form!r} depends on the machine that reads it")
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    try:
        datetime.strptime(moment.strftime(form), form)
    except (ValueError, re.error) as error:
        raise ValueError(f"the format {form!r} is no pattern of strptime ({error})") from error


def rearranged(form: str, kind: str) -> Kernel | None:
    """Return a kernel that turns texts of a pattern into the default form of ``kind``, null where one is not plain.

    None for a pattern that has other parts, or not a whole date.
    """
    parts = re.findall("%(.)|([^%]+)", form)
    names = [name for name, _ in parts if name]
    if not {"Y", "m", "d"} <= set(names) <= set(_FORMS.get(kind, "")) - set("-:T") or len(set(names)) < len(names):
        return None
    pattern = "".join(f"([0-9]{{{4 if name == 'Y' else 2}}})" if name else re.escape(text) for name, text in parts)
    places = {name: rf"\{number}" for number, name in enumerate(names, 1)}
    wanted = "".join(places.get(char, char if char in "-:T" else "00") for char in _FORMS[kind])
    is_plain, whole = matches(pattern), rf"\A{pattern}\z"

    def kernel(column: Column) -> Column:
        return pc.replace_substring_regex(where(is_plain(column), column), whole, wanted)

    return kernel
