"""Addresses of public pages: their form, and parameters that do not belong to the page.

These are parameters of language and tracking. Readers cannot check a page that opens in Finnish because of the settings of
somebody else's browser. The same check applies to every address that people write: in rows of curated tables and other
lists, and in sidecars.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from cbrn_data.findings import shown

PUBLIC_PAGE = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
"""The address of the page that states a curated fact."""
OF_A_ROW = ("url", "archived_url")
"""The address columns that every table can have: the page that states the row, and an archived copy of it."""

_LANGUAGE = r"(?:pref|ui|user|site|set)?[_-]?(?:lang(?:uage)?|locale|lng)|hl|l10n"
_TRACKING = (
    r"utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|igshid|mc_[ce]id|mkt_tok|wt_mc"
    r"|_gl?a?|_hs\w+|(?:php|j|asp)?sess(?:ion)?id|sid"
)
_FOREIGN = re.compile(f"(?:{_LANGUAGE}|{_TRACKING})", re.IGNORECASE)


def foreign_parameters(address: str) -> list[str]:
    """Return the names of the language and tracking parameters of an address, in their order.

    >>> foreign_parameters("https://a.example/p_en?prefLang=fi&id=7&utm_source=x"), foreign_parameters("https://a.example/?id=7")
    (['prefLang', 'utm_source'], [])
    """
    try:
        query = urlsplit(address).query
    except ValueError:
        return []
    return [name for name, _ in parse_qsl(query, keep_blank_values=True) if _FOREIGN.fullmatch(name)]


def foreign_fault(name: str, address: str | None) -> str | None:
    """Return the message about language and tracking parameters in the address of column or key ``name``, or None."""
    foreign = foreign_parameters(address or "")
    if not foreign:
        return None
    return f"{name} has parameters that the page does not need: {shown(', '.join(foreign), 80)}"
