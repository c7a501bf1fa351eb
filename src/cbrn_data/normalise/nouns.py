"""Counted nouns: groups of people (``people.txt``), and things (``things.txt``).

A counted noun phrase is a group of people if its last noun is in the first list, or ends like one of its longer nouns
(``schoolteachers``) or like a profession (``hydrologists``). It is things if the noun is in the second list, or ends as only
things do (``inspections``). Any other noun is unknown, which is reported.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_STEP = re.compile(r"(?P<word>[^\W\d_][\w'-]*)[\"”']?(?P<then>, and |, | and | & | et | и |/| )?[\"“]?")
_TRADE = re.compile(r"(?:[a-z]{3}(?:ologists|icians|eers|graphers|(?<!l)ists|men|women|people|persons|workers|staff))$")
_THING = re.compile(
    r"[a-z]{2}(?:tions|sions|ments|(?<!be)(?<!sibl)ings|scopes|meters|graphs|grams|ships|sheets|books|boards|rooms|houses)$"
)
"""Endings of nouns of things that no noun of people has."""
_FIELD = re.compile(
    r"(?:[a-z]{2}[st]ions|services|systems|resources|programmes|projects|events|grants|awards|records|games|calls|materials"
    r"|headquarters|policies|standards|airlines|ports|cattle|livestock|poultry|sheep)$"
)
"""Nouns of things that can describe people by their field of work: ``operations officers``, not ``kits nurses can use``."""
_STOP = frozenset(
    """a about after all along also among an are as at attended be before between both by can could did during each either
    fewer for from gave had has have held her his if in including into is its joined met more most near no not of off on
    onto or our out over per plus received than that the their them then these they this those through throughout to took
    under until up upon was were when where which while who whose will with within without did trained attended
    participated several many some few half two-thirds de du des из на для по""".split()
)
_SHARE = re.compile(r" (?:\w+ing\b|[0-9]+ ?%)")
"""Words after a noun that tell of a share: ``45 officers, women representing 40 %``."""
_LONGEST = 6
"""The most words before the noun of a group; three more after each ``and`` or comma in a list."""
_HEADS_AFTER = re.compile(
    r" (?:(?!(?:across|as|was|has|his|its|this|plus|besides|towards|always|versus|perhaps|is|us|overseas|abroad)\b)"
    r"[a-z-]{2,}[^s'\W]s"
    r"|meeting|course|workshop|network|list|kit|team|group|panel|forum|conference|training|association|platform|guide|manual"
    r"|handbook|registry|roster|seminar|curriculum|programme|program|house|club)\b(?! (?:of|in|from|at|on|with) the \w+ who)"
)
"""A noun directly after a group: ``60 experts meetings`` are meetings."""


def _list(name: str) -> frozenset[str]:
    text = files("cbrn_data.normalise").joinpath(name).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def _people() -> tuple[frozenset[str], tuple[str, ...]]:
    nouns = _list("people.txt")
    return nouns, tuple(sorted(noun for noun in nouns if len(noun) > 6 and " " not in noun))


@cache
def _things() -> frozenset[str]:
    return _list("things.txt")


def is_people(word: str, before: str = "") -> bool:
    """Return whether a lower-case noun, or it with the word before it, names people."""
    nouns, endings = _people()
    if f"{before} {word}" in nouns:
        return True
    if _is_thing(word, before):
        return False
    known = word in nouns or (word.endswith(endings) and word.isalpha())
    head = re.split("-(?:in|of|at|on)-", word)[0].rpartition("-")[2]  # "trainers-of-trainers", "training-of-trainers"
    return known or _TRADE.search(word) is not None or head in nouns


def _is_thing(word: str, before: str = "") -> bool:
    return word in _things() or f"{before} {word}" in _things() or _THING.search(word) is not None


def group_end(flat: str, start: int, one: bool = False) -> int | None:
    """Return the end of the group of people that begins at ``start``, or None if no noun of people ends it.

    ``one`` also accepts a singular noun.
    """
    end: int | None = None
    before, listed, waiting, limit = "", "", 0, _LONGEST
    while step := _STEP.match(flat, start):
        word = step["word"].lower().removesuffix("'s")
        if word in _STOP and (word != "trained" or (before and not before.endswith("ly"))):
            break
        if _is_thing(word) and not is_people(word, before) and not _describes(flat, step, one):
            break
        if is_people(word, before) or (one and is_people(f"{word}s", before)):
            if listed == ", " and _SHARE.match(flat, step.end("word")):
                break
            end, waiting, limit = step.end("word"), 0, 3
            if step["word"].endswith("'"):
                return None  # "20 doctors' offices"
        elif (end is not None and listed == " ") or waiting == limit:
            break
        else:
            waiting += 1
        before, listed, start = word, step["then"], step.end()
        if not listed:
            break
    return None if end is not None and _HEADS_AFTER.match(flat, end) else end


def _describes(flat: str, thing: re.Match[str], one: bool) -> bool:
    """Return whether a noun of things describes the people directly after it: ``operations officers``."""
    after = _STEP.match(flat, thing.end())
    if not after or thing["then"] not in {" ", " and "} or not _FIELD.search(thing["word"].lower()):
        return False
    noun = after["word"].lower()
    if thing["then"] == " and ":
        return _is_thing(noun) and _describes(flat, after, one)  # "systems and communications specialists"
    return is_people(noun) or (one and is_people(f"{noun}s"))


def thing_end(flat: str, start: int) -> int | None:
    """Return the end of a noun phrase whose noun is a known thing, or None."""
    before = ""
    for _ in range(_LONGEST):
        step = _STEP.match(flat, start)
        if not step or step["word"].lower() in _STOP:
            return None
        word = step["word"].lower()
        if _is_thing(word, before) or _is_thing(word.rpartition("-")[2]):
            return step.end("word")
        before, start = word, step.end()
        if step["then"] != " ":
            return None
    return None
