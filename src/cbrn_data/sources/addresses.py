"""Addresses of public pages: what one is, and which of its parameters are not of the page.

Those are the reader's language, and traces of who came from where. A page that opens in Finnish because somebody's browser
asked for it once states nothing that a reader can check. The check is the same for every address that people write: in the
rows of curated tables and of other lists, and in sidecars.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, urlsplit

from cbrn_data.findings import shown

PUBLIC_PAGE = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
"""The address of the page that states a curated fact."""
OF_A_ROW = ("url", "archived_url")
"""The columns of addresses that rows of every table may have: the page that states the row, and an archived copy of it."""

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


def foreign_fault(name: str, address: str | None) -> str | None:
    """Say which parameters the address in the column or key ``name`` has that are not of the page, None for none."""
    foreign = foreign_parameters(address or "")
    if not foreign:
        return None
    return f"{name} has {shown(', '.join(foreign), 80)} among its parameters, which the page does not need"


def is_public_host(host: str) -> bool:
    """Tell whether a host is one that anybody can reach, as far as its name says.

    >>> [is_public_host(host) for host in ("example.org", "192.168.0.1", "localhost", "0x7f.1")]
    [True, False, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".").lower()
        numeric = re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", name) is not None
        return "." in name and not numeric and not name.endswith((".localhost", ".local", ".internal", ".home.arpa"))
