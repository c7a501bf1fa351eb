"""The HTML of a text with marked words. Python makes it, because a Jinja macro would take most of the time of a page."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from cbrn_data.pages import escaped
from cbrn_data.portal.evidence import Token


def marked(tokens: Iterable[Token]) -> Markup:
    """Return a text: an element at the beginning of each line, and each word of a value as a link to the value."""
    return Markup("".join(map(_html, tokens)))  # noqa: S704 - all parts are escaped


def _html(token: Token) -> str:
    span = token.span
    if token.kind == "line":
        return f'<span class="line" id="L{token.text}" data-line="{token.text}"></span>'
    if token.kind == "open" and span:
        return f'<mark id="w{span.start}-{span.end}">' if token.first else "<mark>"
    if token.kind == "close":
        return "</mark>"
    text = escaped(token.text)
    return f'<a href="#v{span.start}-{span.end}">{text}</a>' if span and token.text.strip() else text
