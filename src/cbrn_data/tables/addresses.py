"""Which parameters of a public page's address are not of the page: the reader's language, and traces of who came from where.

A page that opens in Finnish because somebody's browser asked for it once states nothing that a reader can check.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

_LANGUAGE = r"(?:pref|ui|user|site|set)?[_-]?(?:lang(?:uage)?|locale|lng)|hl|l10n"
_TRACKING = (
    r"utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|igshid|mc_[ce]id|mkt_tok|wt_mc"
    r"|_gl?a?|_hs\w+|(?:php|j|asp)?sess(?:ion)?id|sid"
)
_FOREIGN = re.compile(f"(?:{_LANGUAGE}|{_TRACKING})", re.IGNORECASE)


def foreign_parameters(address: str) -> list[str]:
    """Return the names of the parameters of language and tracking in an address, in their order.

    >>> foreign_parameters("https://a.example/p_en?prefLang=fi&id=7&utm_source=x"), foreign_parameters("https://a.example/?id=7")
    (['prefLang', 'utm_source'], [])
    """
    try:
        query = urlsplit(address).query
    except ValueError:
        return []
    return [name for name, _ in parse_qsl(query, keep_blank_values=True) if _FOREIGN.fullmatch(name)]
