"""The portal's own texts in English and Russian: one message catalogue, ``messages.csv``, for Python and for scripts.

A message is English with a Russian translation; ``{}`` stands for words, and ``{#}`` for a number, a version or a date.
Titles, allowed words and each sentence of the definitions are messages too. Pages are English. Sentences made of data are on
their page in both languages, of which one is shown. ``assets/language.js`` translates everything else for readers who switch
to Russian. Text from sources is never translated.

Only these readers load messages, and each page loads only those that it can show. ``use`` names the templates of these
pages, and the tables whose definitions contain the message; every page loads a message without a use.

The catalogue belongs to the portal, not to the data: a change there makes new pages, but no new release. A message without a
translation, as from an older release, is shown in English.
"""

from __future__ import annotations

from calendar import month_name
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from cbrn_data.catalogue.schema_org import script_text
from cbrn_data.tabular import grammar

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()


@cache
def _catalogue() -> list[dict[str, str | None]]:
    return grammar.rows(package_files("cbrn_data.portal").joinpath("messages.csv").read_bytes())


@cache
def messages() -> dict[str, str]:
    """Return English messages -> Russian ones."""
    return {row["english"] or "": row["ru"] or "" for row in _catalogue()}


def message_scripts() -> dict[str, bytes]:
    """Return the scripts with the messages by path: those of every page, and those of each use.

    Words of enumerations are as pages show them. No script has parts of sentences (``use`` is ``sentence``), because as
    patterns they would match other texts too.
    """
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    for row in _catalogue():
        english, all_uses = row["english"] or "", row["use"]
        for use in all_uses.split() if all_uses else [""]:
            found[use][english if " " in english else english.replace("_", " ")] = row["ru"]
    return {
        _script(use): f"Object.assign(window.cbrnRussian.messages, {script_text(shown)});\n".encode()
        for use, shown in found.items()
        if use != "sentence"
    }


def scripts_of(wanted: Iterable[str]) -> list[str]:
    """Return the paths of the scripts that a page with such uses needs: kinds of pages, and tables that it shows."""
    return [_script(use) for use in dict.fromkeys(["", *wanted]) if use in uses()]


@cache
def uses() -> frozenset[str]:
    """Return every use that a message has."""
    return frozenset({"", *(use for row in _catalogue() for use in (row["use"] or "").split())})


def _script(use: str) -> str:
    return f"assets/russian{use and '-'}{use}.js"


@dataclass(frozen=True)
class Language:
    """A language in which a sentence is made."""

    def say(self, message: str, *values: object) -> str:
        """Return a message with its values.

        >>> RUSSIAN.say("until {}", "2024")
        'до 2024'
        """
        return message.format(*values)

    def date(self, text: str) -> str:
        """Return a year, month or day in words.

        >>> ENGLISH.date("2020"), ENGLISH.date("2020-11"), ENGLISH.date("2015-07-17")
        ('2020', 'November 2020', '17 July 2015')
        """
        year, *rest = text.split("-")
        return " ".join([*(str(int(day)) for day in rest[1:]), *(self.month(int(month)) for month in rest[:1]), year])

    def month(self, number: int) -> str:
        """Return the name of a month, as it stands in a date."""
        return month_name[number]

    def count(self, number: int, one: str, many: str) -> str:
        """Return a message about a number, in words up to twelve.

        >>> ENGLISH.count(1, "{} project", "{} projects"), ENGLISH.count(61, "{} project", "{} projects")
        ('one project', '61 projects')
        """
        return self.say(one if number == 1 else many, _COUNTS[number] if number < len(_COUNTS) else f"{number:,}")

    def listed(self, names: Sequence[str]) -> str:
        """Return names as an enumeration.

        >>> ENGLISH.listed(["A", "B", "C"]), ENGLISH.listed(["A"])
        ('A, B and C', 'A')
        """
        return f" {self.say('and')} ".join([*([", ".join(names[:-1])] if names[1:] else []), *names[-1:]])


class Russian(Language):
    """Russian: dates are in the genitive, as after "from" and "until", and counts come after what is counted."""

    def say(self, message: str, *values: object) -> str:
        """Return a message in Russian, if it has a translation."""
        return messages().get(message, message).format(*values)

    def date(self, text: str) -> str:
        """Return a year, month or day in words.

        >>> RUSSIAN.date("2020-11"), RUSSIAN.date("2015-07-17")
        ('ноября 2020 г.', '17 июля 2015 г.')
        """
        return f"{super().date(text)} г."

    def month(self, number: int) -> str:
        """Return the name of a month in the genitive."""
        return _MONTHS[number - 1]

    def count(self, number: int, one: str, many: str) -> str:
        """Return a message about a number, in digits."""
        return self.say(many, f"{number:,}".replace(",", "\u00a0"))


ENGLISH, RUSSIAN = Language(), Russian()
