"""Number formats of workbooks (ISO/IEC 29500-1, 18.8.31): whether people see the value that a cell holds.

Computed is only what changes a value: the section of the format, the sign, the decimals, the scale, and the parts of a date.
Separators of thousands, currencies and colours change none. A dash for zero, as in accounts, is read as zero. A format that
is not known here counts as one that shows something else.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from decimal import ROUND_HALF_UP, Decimal

_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].')
_HARMLESS = frozenset("()$€£¥+-'’ \u00a0\u202f")
_AROUND = r"[()$€£¥+'’\s-]*"
_NUMBER = re.compile(
    rf"(?P<before>{_AROUND})(?P<whole>[#0?,'’\s]*)(?:\.(?P<places>[#0?\s]*))?(?P<scale>,*)(?P<power>e[+-]?0+)?"
    rf"(?P<percent>[\s%]*)(?P<after>{_AROUND})"
)
_DASH = re.compile(r"\s*-[\s?]*")
_MINUTES = re.compile(r"(?<=h)([^dymhs]*)m{1,2}(?!m)|m{1,2}(?=[^dymhs]*s)")
_PARTS = {"year": "y", "month": "m", "day": "(?<!d)d{1,2}(?!d)", "hour": "h", "minute": "n", "second": "s"}
_LEAST = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
_CODES = {
    "y": "%Y",
    "yy": "%y",
    "m": "%m",
    "mm": "%m",
    "mmm": "%b",
    "ddd": "%a",
    "dddd": "%A",
    "h": "%H",
    "n": "%M",
    "s": "%S",
}
_OTHERWISE = "shows it otherwise"


def text_of_number(value: float) -> str:
    """Return a number as its shortest decimal text."""
    return str(int(value)) if float(value).is_integer() else f"{Decimal(repr(value)):f}"


def number_fault(value: float, form: str) -> str:
    """Return what people see instead of a number, as a phrase; empty if they see the number.

    >>> number_fault(1200, "#,##0"), number_fault(3.7, "0"), number_fault(-5, "0;0"), number_fault(0.1 + 0.2, "General")
    ('', 'shows 4', 'shows 5', 'shows 0.3')
    """
    number = Decimal(text_of_number(value))
    if form.lower() in ("", "general", "@"):
        seen = Decimal(f"{value:.15g}")
        return "" if seen == number else f"shows {seen:f}"
    sections = _sections(form)
    sections = sections[: 3 if "@" not in sections[-1] else min(3, len(sections) - 1)]
    at = 1 if value < 0 and len(sections) > 1 else 2 if not value and len(sections) > 2 else 0
    section = sections[at] if sections else "general"
    if not section.strip():
        return "shows nothing"
    if "w" in section:
        return "shows words with it"
    if not value and _DASH.fullmatch(section):
        return ""
    is_minus = "-" in section or "(" in section or (at == 0 and value < 0)
    return _shown(number, section, is_minus)


def _shown(number: Decimal, section: str, is_minus: bool) -> str:
    """Return what a section shows instead of a number; ``is_minus`` tells whether it shows a minus sign."""
    if section.strip() == "general":
        return "" if is_minus == (number < 0) else f"shows {-number:f}"
    found = _NUMBER.fullmatch(section)
    if found is None:
        return _OTHERWISE
    whole, places = found["whole"].rstrip(), len(re.sub(r"\s", "", found["places"] or ""))
    percents = found["percent"].count("%")
    thousands = len(whole) - len(whole.rstrip(",")) + len(found["scale"])
    scaled = abs(number) * 100**percents / 1000**thousands
    if found["power"]:
        if len(re.findall("[#0?]", whole)) != 1:
            return _OTHERWISE
        scaled = Decimal(f"{scaled:.{places}e}")
    else:
        decimals = -int(scaled.as_tuple().exponent)
        scaled = scaled if decimals <= places else scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if not scaled and "0" not in whole + (found["places"] or ""):
            return "shows nothing"
    seen = -scaled if is_minus else scaled
    if seen != number or percents:
        return f"shows {seen:f}{'%' * percents}"
    return "shows leading zeros" if whole.count("0") > len(str(abs(int(number)))) else ""


def text_fault(form: str) -> str:
    """Return what people see instead of a text, as a phrase; empty if they see the text.

    >>> text_fault("0.00"), text_fault(";;;"), text_fault('0;0;0;"none"')
    ('', 'shows nothing', 'shows other words')
    """
    sections = _sections(form)
    section = sections[3] if len(sections) > 3 else sections[-1]
    if len(sections) < 4 and "@" not in section:
        return ""
    if section.strip() == "@":
        return ""
    return "shows nothing" if not section.strip() else "shows more words" if "@" in section else "shows other words"


def read_moment(value: datetime | time, form: str) -> tuple[str, str]:
    """Return the parts of a date and time that a format shows, as text, and what people see instead of the value.

    >>> read_moment(datetime(2018, 6, 1), "mmm yyyy"), read_moment(datetime(2018, 6, 30), "mmm yyyy")
    (('2018-06', ''), ('2018-06-30', 'shows Jun 2018'))
    """
    code = _sections(form)[0]
    shown = [bool(re.search(pattern, code)) for pattern in _PARTS.values()]
    last = max((number for number, is_shown in enumerate(shown) if is_shown), default=-1)
    faults = [value.microsecond and not re.search(r"s\.0", code), re.search("[beg]", code), re.search(r'["\\][^"]*\d', form)]
    for number, (part, is_shown) in enumerate(zip(_PARTS, shown, strict=True)):
        if not hasattr(value, part):
            faults.append(is_shown)
        elif not is_shown:
            faults.append(number < last or getattr(value, part) != _LEAST.get(part))
    is_hidden = any(faults)
    return _moment_text(value, last, is_hidden), f"shows {_seen(value, code)}" if is_hidden else ""


def _moment_text(value: datetime | time, last: int, is_whole: bool) -> str:
    if isinstance(value, time) or last > 2:
        return value.isoformat()
    if is_whole:
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return value.date().isoformat()[: (4, 7, 10)[last]]


def _seen(value: datetime | time, code: str) -> str:
    """Return about what people see of a moment; words of the format are left out."""
    text = re.sub("([ymdhns])\\1*", lambda found: value.strftime(_CODES.get(found[0], _CODES.get(found[1], "%d"))), code)
    return " ".join(re.sub("[^0-9A-Za-z:./ -]", " ", text).split()) or "nothing"


def _sections(form: str) -> list[str]:
    """Return the sections of a format in small letters: ``w`` stands for a character that is shown with the value."""
    code = _LITERAL.sub(_literal, form).lower()
    return _MINUTES.sub(lambda found: f"{found[1] or ''}n", re.sub("am/pm|a/p", "", code)).split(";")


def _literal(found: re.Match[str]) -> str:
    mark, text = found[0][0], found[0][1:].rstrip('"')
    if mark == "[":  # a colour, a currency or a language; a condition or a calendar stays, and is not understood
        return found[0] if re.search("[<>=]", text) else "b" * _is_other_calendar(text)
    if mark == "_" or (mark == "*" and text == " "):
        return " "
    return "".join(char if char in _HARMLESS and mark != "*" else "w" for char in text)


def _is_other_calendar(text: str) -> bool:
    code = re.search(r"-([0-9A-Fa-f]{5,8})\]", text)
    return bool(code and (int(code[1], 16) >> 16) & 0xFF not in (0, 1))
