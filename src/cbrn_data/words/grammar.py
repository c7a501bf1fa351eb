"""Every number of a text, claimed once by what it is: the one grammar that all readers of counts share.

Claims are made in this order, each from what is left: projects, names that hold years (the rules of kind ``name``), dates,
the other rules of ``RULES`` from the first to the last, then numerals, which count. Digits that nothing claims are ``unread``. A reader of counts never sees the number of a
standard, a day of a month or a sum of money, because those were claimed before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from cbrn_data.words.dates import Phrase, phrases
from cbrn_data.words.nouns import group_end, thing_end
from cbrn_data.words.numbers import NUMERAL, numbers
from cbrn_data.words.projects import references
from cbrn_data.words.text import folded


@dataclass(frozen=True)
class Rule:
    """A kind of number and the words that show it; ``#`` in a pattern is a numeral in digits or words.

    Each example holds in square brackets what the rule claims of it.
    """

    kind: str
    pattern: str
    examples: tuple[str, ...]


_FRACTION = r"(?:one|two|three|four|[1-9])[ -](?:half|halves|thirds?|quarters?|fourths?|fifths?|tenths?)"
_CURRENCY = (
    r"(?:euros?|EUR|€|US ?dollars?|dollars?|USD|US\$|\$|£|GBP|CHF|pounds?|francs?|tenge|KZT|s[uo]ms?|somoni|UZS|KGS|TJS|tugriks?|MNT"
    r"|roubles?|rubles?|RUB|rupees?|PKR|dirhams?|AED|MAD|dinars?|riyals?|SAR|shillings?|yen|yuan|CFA|евро|рублеи)"
)
_PERIOD = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|nights?|semesters?|min|hrs?"
    r"|jours?|semaines?|mois|ans|annees?|heures?|час\w*|дн\w+|день|недел\w+|месяц\w*|лет|года?)"
)
_UNIT = (
    r"(?:kg|g|mg|t|tonnes?|tons?|kilograms?|grams?|km|m|cm|mm|km2|m2|m3|m²|km²|ha|hectares?|acres?|lit(?:re|er)s?|l|ml"
    r"|degrees?|°C|°|kW|MW|kV|V|[kMGT]?Bq|[mµ]?Sv|m?Gy|ppm|ppb|dB|[kMGT]B|MHz|GHz|km/h"
    r"|(?:square |cubic )?(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|inch(?:es)?)"
)
_LABEL = (
    r"(?:levels?|phases?|class(?:es)?|stages?|tiers?|grades?|types?|categor(?:y|ies)|steps?|chapters?|annex(?:es)?|sections?|volumes?"
    r"|vol\.|versions?|v\.|components?|work packages?|lots?|batch(?:es)?|zones?|outputs?|outcomes?|pillars?|strands?|figures?"
    r"|fig\.|pages?|pp?\.|paragraphs?|para\.|items?|number|numero|no\.|nos\.|nr\.|уровн\w+|фаз\w+|этап\w*|niveaux?|etapes?)"
)
_WEAK_LABEL = (
    r"(?:rooms?|halls?|gates?|tracks?|tables?|tasks?|modules?|days?|weeks?|units?|blocks?|priorit(?:y|ies)|objectives?|goals?|rounds?"
    r"|sessions?|cycles?|scenarios?|activit(?:y|ies)|lines?|terminals?|part|cohorts?|groups?|teams?|courses?|lessons?|series|building)"
)
_DETERMINED = "".join(
    f"(?<!{word} )" for word in "this that first second third last final each every one same next per pilot initial".split()
)
_TO_20 = r"(?:20|1[0-9]|[1-9])"
_LISTED = rf"(?:(?:\.[0-9]+)+| ?[/-] ?{_TO_20}|(?:, {_TO_20})*,? (?:and|to|or|&) (?:{_TO_20}|two|three|four|five))?(?![\w%/]|[,.'][0-9]| ?[/-] ?[0-9])"
_INSTRUMENT = (
    r"(?:resolutions?|directives?|regulations?|decisions?|decrees?|orders?|laws?|acts?|articles?|standards?|conventions?|protocols?"
    r"|recommendations?|agenda|vision|horizon|expo|contracts?|agreements?|grants?|documents?|docs?\.|refs?\.|codes?|flights?"
    r"|highways?|routes?|rules?|forms?|résolution|loi|decret|reglement|резолюци\w+)"
)
_ACRONYM = (
    r"(?-i:ISO(?:/IEC)?|IEC|EN|DIN|ASTM|NFPA|ANSI|IEEE|GOST|UNSCR|UNSC|SCR|UNGA|SDGs?|BSL|ABSL|IHR|COP|ICAO|IATA|ADR|RID|GHS|CAS|UN"
    r"|EU|EC|OJ|FP|H2020|HSPD|WP|CWA|MoU|NATO STANAG|STANAG|AEP|OECD|GLP|GMP|HACCP|CRP|TRL|RFP|ITT|PO Box|Tel\.?|tel\.?|Fax)"
)

RULES: tuple[Rule, ...] = (
    Rule("name", r"(?:\b(?:UN|United Nations) )?(?:\bSecurity Council )?\b(?:UNSCR|UNSC|SCR|Resolutions?) ?(?:No\. ?)?[0-9]{3,4}(?: ?\([0-9]{4}\))?(?:,? (?:and|&) [0-9]{3,4}(?: ?\([0-9]{4}\))?)?(?![\w])", ("[UN Security Council Resolution 1540 (2004)]", "the [UNSCR 1540] experts")),
    Rule("name", rf"(?<!\w){_ACRONYM}[ -]?(?:(?-i:[A-Z]{{1,3}})[ -])?[0-9][0-9./-]*(?::(?:19|20)[0-9]{{2}})?(?<!\.)(?![\w%]|,[0-9]{{3}}|[ '][0-9]{{3}}\b)", ("under [ISO 17025:2017]", "an [ISO/IEC 17025] audit", "a [BSL-3] laboratory", "[EN 1822] filters")),
    Rule("name", r"\(EU\) (?:No\.? ?)?[0-9]+/[0-9]+", ("Regulation [(EU) 2021/821]",)),
    Rule("name", rf"{_DETERMINED}\b{_INSTRUMENT} (?:No\.? ?|N ?|nr\.? ?)?[0-9]+(?:[/-][0-9]+)*(?:(?:, [0-9]+)*,? (?:and|to|or) [0-9]+(?![\w]| [a-z]))?(?![\w%]|[,.'][0-9]| [0-9]{{3}}\b)(?: ?\([0-9]{{4}}\))?", ("[Article 12] of the act", "[Directive 2012/18]", "[Agenda 2030]", "[Regulation 428/2009]")),
    Rule("name", r"(?:\b(?-i:[A-Z])[\w'-]+ )(?:Regulations|Convention|Act|Law|Treaty|Protocol|Decision|Directive|Regulation) \([0-9]{4}\)", ("the [Health Regulations (2005)]",)),
    Rule("vague", rf"(?:{_FRACTION}|[0-9]+ ?%|# per ?cent|most|many|some|several|part|few|any|none|majority|minority|third|quarter|one|each) of (?:the |these |its |those )+#", ("[two thirds of the 60] officers", "[40 % of the 60] officers", "[one of the 12] experts")),
    Rule("money", rf"{_CURRENCY} ?# ?(?:thousand|million|billion|m|k|bn)?(?!\w)", ("gave [EUR 200 000] to participants", "[€3.5 million] were spent")),
    Rule("money", rf"# ?(?:thousand |million |billion |m |k |bn )?{_CURRENCY}(?!\w)", ("[250,000 euros] for first responders", "[two million dollars]")),
    Rule("money", r"(?:worth|budget of|cost(?:s|ing)? of|costing|valued at|value of|grant of|funding of)(?: some| about| over| around| approximately| nearly)? #", ("kits [worth 3 million]",)),
    Rule("share", r"# ?(?:%|‰|per ?cent\b|percent\b|percentage points?\b|pour cent\b|процент\w*)(?: (?:to|and|-) # ?(?:%|per cent))?", ("[83%] of countries", "[forty per cent] of staff", "[30 %] of participants")),
    Rule("share", rf"{_FRACTION}\b", ("[two-thirds] of the participants", "[one quarter] of staff")),
    Rule("time of day", r"(?:[01]?[0-9]|2[0-4])[:.][0-5][0-9](?: ?(?:a\.?m\.?|p\.?m\.?|h\b|hrs))?(?: ?(?:-|to|and) ?(?:[01]?[0-9]|2[0-4])[:.][0-5][0-9])?(?![\w.,]*[0-9])(?= (?:a\.?m|p\.?m|h\b|hrs|on|in|local)|[,.;) ]|$)(?<=[0-9m.h])(?<![0-9]\.[0-9]{2})|(?:[1-9]|1[0-2]) ?(?:a\.m\.|p\.m\.|am\b|pm\b)", ("at [10:30] experts met", "at [9 a.m.] in Tashkent")),
    Rule("age", r"(?:aged?|ages) # ?(?:-|to|and) ?#|(?:aged|ages|age of|under the age of|over the age of|under|over) [0-9]+ ?(?:years of age|years old)|[0-9]+(?:-| )years?(?:-| )olds?", ("students [aged 18 to 25]", "[16-year-old] pupils")),
    Rule("duration", rf"#(?: ?(?:-|to|or|and) ?#)?[ -](?:full |more |working |consecutive |calendar |additional |training |teaching |academic |long |short |intensive |half-|half )*{_PERIOD}\b(?! (?:of age|old))", ("[40 hours] of courses", "a [five-day] course", "for [three to six months]", "over [12 months]")),
    Rule("measure", rf"# ?(?:- ?# ?)?{_UNIT}(?![\w'])", ("[30 kg] of material", "[2.5 tonnes] of masks", "[50 square metres]")),
    Rule("label", rf"{_DETERMINED}\b{_LABEL} ?(?:{_TO_20}|(?:one|two|three|four|five)\b){_LISTED}", ("[level 3] technicians", "[Phase 2] experts", "[phase two] of the plan", "[levels 2 and 3]", "[Class 2] drivers")),
    Rule("label", rf"{_DETERMINED}\b(?:(?-i:(?=[A-Z])){_WEAK_LABEL} {_TO_20}{_LISTED}|{_WEAK_LABEL} {_TO_20}(?![\w%/-])(?=[,.;:)]|$| (?:of|and|in|on|at|the|was|is|were|with|for|by|to)\b))", ("on [Day 2] experts met", "in [room 12] of the centre", "[Module 3] of the course")),
    Rule("label", r"(?<!\w)(?:N|N°|@@) ?[0-9]+(?![\w.,]*[0-9])", ("building [№ 12]", "kit [#4]")),
    Rule("label", r"(?<=[Tt]he )1540(?= [a-z])|(?<=[Cc]ommittee )1540\b|\b1540(?=[ -](?:[Cc]ommittee|[Gg]roup|[Nn]ational|[Pp]oints?|[Cc]oordinat|[Ff]ocal|[Ii]mplement|[Oo]blig))", ("the [1540] experts", "the [1540] Committee")),
    Rule("label", r"\b(?:112|911)(?= (?:emergency|dispatch|call|hotline|number|service|centre|center))", ("the [112] emergency number",)),
    Rule("label", r"(?<![\w.,])(?:(?=[^\W\d_])(?:[^\W_]+[-.])*(?:[^\W\d_]+-?[0-9]+\w*)(?:[-./][0-9]+)*|[0-9]+(?!k\b|mln\b|mio\b|bn\b|st\b|nd\b|rd\b|th\b|er\b|e\b)[^\W\d_]+[0-9]*|24/7)(?![\w%])", ("the [G7] experts", "a [COVID-19] course", "a [3D] model", "the [Zhetysu-2024] exercise", "a [24/7] service")),
    Rule("label", r"[0-9]+-(?!(?:person|member|strong|people|man|woman|officer|expert|participant|times|fold)s?\b)[^\W\d_]+(?:-[^\W\d_]+)*", ("a [4-stage] plan", "the [5-star] hotel")),
    Rule("ordinal", r"[0-9]+ ?(?:st|nd|rd|th|er|e|eme)\b|[0-9]+-(?:и|го|е|я|м)\b", ("the [14th] meeting", "the [14 th] experts meeting")),
    Rule("ordinal", r"\b(?:one-off|one-stop|one by one|one another|one of the|no one|number one|one-to-one|at one|more than one|one day|one or more|one and the same)\b", ("[one of the] centres",)),
    Rule("factor", r"# (?:times|fold)\b|#-fold\b|x ?[0-9]+\b|[0-9]+ ?x\b", ("grew [3 times]",)),
    Rule("strength", r"#-(?:person|member|strong|people|man|woman|officer|expert|participant)s?(?:-strong)?\b", ("a [60-strong] team", "a [12-member] team")),
    Rule("range", r"between # (?:and|to) #|(?:[0-9]+ ?- ?[0-9]+(?![\w-])|#(?: to | or | ou | a )#)(?! (?:per cent|%))", ("[between 40 and 50] officers", "[40-50] officers", "[40 to 50] officers")),
    Rule("whole", r"# ((?:out of|of|sur|из) (?:the |these |its |all )*#)(?= )", ("5 [out of 6] partner countries", "two [of the 60] experts")),
    Rule("vague", r"\b(?:several|a few|many|some|tens of|hundreds of|a couple of)(?: hundreds?| thousands?| dozens?| millions?)+(?: of)?\b|\b(?:hundreds|thousands|dozens|scores|millions)(?: of)?\b|\ba couple of\b|\bhalf of (?:the|its|all)(?: #)?", ("[several hundred] experts", "[dozens of] officers", "[half of the 60] experts")),
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A number or a date in ``text[start:end]``: its kind, and its value where it is a whole number.

    Kinds: ``project``, ``date``, those of ``RULES``, ``count`` and ``unread``. ``plus`` is a ``+`` that ends a count;
    ``phrase`` is what a date says.
    """

    kind: str
    start: int
    end: int
    value: int | None = None
    plus: bool = False
    phrase: Phrase | None = None


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    numeral = rf"(?:(?<![\w.,'/])(?:{NUMERAL})(?![\w]|[.,'][0-9]))"

    def whole(pattern: str) -> str:
        return (r"(?<![\w-])" if pattern.startswith("#") else "") + pattern.replace("#", numeral).replace("@@", "#")

    return tuple((rule.kind, re.compile(whole(rule.pattern), re.IGNORECASE)) for rule in RULES)


@lru_cache(maxsize=64)
def parts(text: str) -> tuple[Part, ...]:
    """Return every number and date of ``text``, from left to right; no two share a character.

    >>> [(part.kind, part.value) for part in parts("In 2024 Project 87 trained 60 ISO 17025 auditors")]
    [('date', None), ('project', 87), ('count', 60), ('label', None)]
    """
    flat = folded(text)
    found: list[Part] = []
    rest = flat

    def claim(part: Part) -> None:
        nonlocal rest
        found.append(part)
        rest = rest[: part.start] + "_" * (part.end - part.start) + rest[part.end :]

    for reference in references(text):
        free = "_" not in rest[reference.start : reference.end]
        if free:
            claim(Part("project", reference.start, reference.end, reference.number))

    def claim_rules(early: bool) -> None:
        for kind, pattern in _compiled():
            for match in list(pattern.finditer(rest)) if (kind == "name") == early else []:
                start, end = match.span(pattern.groups and 1)
                if "_" not in rest[start:end]:
                    claim(Part(kind, start, end))

    claim_rules(early=True)
    for phrase in phrases(rest):
        claim(Part("date", phrase.chain, phrase.end, phrase=phrase))
    claim_rules(early=False)
    for number in list(numbers(rest)):
        claim(Part("count", number.start, number.end, number.value, number.plus))
    for digits in list(re.finditer(r"[0-9]+(?:[.,/:-][0-9]+)*", rest)):
        claim(Part("unread", *digits.span()))
    return tuple(sorted(found, key=lambda part: part.start))


def counts(text: str) -> list[Part]:
    """Return the numerals of ``text`` that count something."""
    return [part for part in parts(text) if part.kind == "count"]


_GAP = re.compile(r"(?: \([0-9a-z -]{1,40}\))?(?: or so)? ")


def counted(text: str, part: Part) -> tuple[str, int, int]:
    """Return what a numeral counts: ``people``, ``countries``, ``thing`` or ``unknown``, and where its noun phrase stands."""
    flat = folded(text)
    gap = _GAP.match(flat, part.end)
    if not gap:
        return "unknown", part.end, part.end
    if match := COUNTRIES.match(flat, gap.end() - 1):
        return "countries", gap.end(), match.end()
    if end := group_end(flat, gap.end()):
        return "people", gap.end(), end
    if end := thing_end(flat, gap.end()):
        return "thing", gap.end(), end
    return "unknown", gap.end(), gap.end()


COUNTRIES = re.compile(
    r" (?:(?:other|different|participating|partner|beneficiary|member|neighbouring|more|of the|of its|[a-z]+an) ){0,3}"
    r"(?:countries|nations|states|pays|country|стран\w*)\b",
    re.IGNORECASE,
)
