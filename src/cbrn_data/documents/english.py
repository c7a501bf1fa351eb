"""Whether a word is English, by the list that pyspellchecker brings (words of subtitles and of Wikipedia, by frequency)."""

from __future__ import annotations

from functools import cache


@cache
def _words() -> frozenset[str]:
    from spellchecker import SpellChecker

    return frozenset(word for word in SpellChecker(language="en").word_frequency.words() if len(word) > 2)


def is_english(word: str) -> bool:
    """Whether a word of three letters or more is in the list, in any letter case.

    >>> is_english("Laboratories"), is_english("tories-labora")
    (True, False)
    """
    return word.lower() in _words()
