"""Projects, countries, and text itself: what is named, and what only looks so."""

import pytest

from cbrn_data.normalise.countries import countries_in, country_id, misspelt_in, nearest, without_mark
from cbrn_data.normalise.projects import label, labelled, read_project_number, references
from cbrn_data.normalise.text import Plain, clean, folded, region_name, slug

REFERENCES = """
Project 87 | 87
Projects 84 and 99 | 84 99
Projects 84, 87, and 099 | 84 87 99
PROJECTS 84 AND 99 | 84 99
Projects P84 and P99 with P81 | 84 99 81
Project Nos. 65 and 66 | 65 66
Project 87/88 | 87 88
Project 87 and 12 experts | 87
Projects 84, 99, 12 experts | 84 99
Project 87 (P87) | 87 87
EU P2P Export Control | -
P3 laboratories | -
Project 2000 | -
project 1,000 | -
""".strip().splitlines()
NAMES = """
Côte d’Ivoire | CIV
Cote d'Ivoire | CIV
CÔTE D’IVOIRE | CIV
Türkiye | TUR
Viet Nam | VNM
Lao PDR | LAO
Lao P.D.R. | LAO
Brunei Darussalam | BRN
DR Congo | COD
Congo | COG
Congo (Democratic Republic of the) | COD
Niger | NER
Nigeria | NGA
Kosovo* | XKX
Kyrgyz Republic | KGZ
State of Palestine | PSE
the Philippines | PHL
Iran (Islamic Republic of) | IRN
Bosnia & Herzegovina | BIH
Timor Leste | TLS
Kazakstan | -
Korea | -
Kyrgyz | -
Tunis | -
""".strip().splitlines()
MENTIONS = """
Poison centres in Pakistan and Kazakhstan’s capital | PAK KAZ
Niger, Nigeria and Nigerien staff | NER NGA
Guinea-Bissau, Guinea, Equatorial Guinea and Papua New Guinea | GNB GIN GNQ PNG
the Kenya-Uganda border and the Kenya–Uganda border | KEN UGA KEN UGA
Jordan and the Jordan Valley | JOR
Kuwait City, Tunis, Central Asia, Romanian and Omani guests | -
KAZAKHSTAN, the Democratic Republic of the Congo and the Republic of the Congo | KAZ COD COG
non-Pakistan | -
""".strip().splitlines()


@pytest.mark.parametrize("case", REFERENCES)
def test_projects_are_named(case: str) -> None:
    text, named = (part.strip() for part in case.split("|"))
    found = references(text)
    assert [reference.number for reference in found] == [int(number) for number in named.split() if number != "-"]
    assert [read_project_number(text[item.start : item.end]) for item in found] == [item.number for item in found]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        *(("Project 101", ""), ("PROJECT 101: Title", "Title"), ("Project 101:Title", "Title"), ("P101 – Title", "Title")),
        *(("Project No. 101. Title", "Title"), ("P101 2nd phase", "2nd phase"), ("Project 1010", None), ("P2P", None)),
    ],
)
def test_labels_open_titles(text: str, title: str | None) -> None:
    match = label(text)
    assert (match and text[match.end() :].strip()) == title


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("P.101 – Enhancing", [101]),
        ("Projects 101–103: Enhancing", [101, 102, 103]),
        ("Projects 101, 102 and 109", [101, 102, 109]),
        ("Projects 101/102", [101, 102]),
    ],
)
def test_a_label_names_one_or_several_projects(text: str, numbers: list[int]) -> None:
    match = label(folded(text))
    assert match and [project.number for project in labelled(match)] == numbers


@pytest.mark.parametrize("case", NAMES)
def test_countries_are_resolved_without_guessing(case: str) -> None:
    name, code = (part.strip() for part in case.split("|"))
    assert country_id(name) == (None if code == "-" else code)


@pytest.mark.parametrize("case", MENTIONS)
def test_mentions_of_countries(case: str) -> None:
    text, codes = (part.strip() for part in case.split("|"))
    found = countries_in(text)
    assert [named.country_id for named in found] == [code for code in codes.split() if code != "-"]
    assert [country_id(text[named.start : named.end]) for named in found] == [named.country_id for named in found]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("from Kazakstan and Uzbekhistan", ["Kazakhstan", "Uzbekistan"]),
        ("from Mongolie", ["Mongolia"]),
        ("from kazakhstan; see kazakhstan.un.org", ["Kazakhstan"]),
        ("from the Czech and Slovak Republics", ["several"]),
        ("from North and South Korea", ["several"]),
        ("from KZ, UZ and TJ under ISO, IEC and UN rules", ["codes"]),
        ("Ukrainian, Kazakhstani, Algiers and Siberian guests, from Kenya", []),
    ],
)
def test_a_country_in_another_spelling_is_left_out_with_the_reason(words: str, meant: list[str]) -> None:
    reasons = [named.left_out for named in misspelt_in(words)]
    assert len(reasons) == len(meant) and all(name in reason for name, reason in zip(meant, reasons, strict=True))


def test_a_near_miss_is_a_hint_only() -> None:
    assert country_id("Kyrgyzstn") is None
    assert nearest("Kyrgyzstn") == ["Kyrgyzstan"]
    assert nearest("zzzzzzzz") == []
    assert without_mark("Kosovo (1)") == without_mark("Kosovo[a]") == without_mark("Kosovo *†") == "Kosovo"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("**4 are\n on-going**", "4 are on-going"),
        ("\u00a0a\u202f \tb\f", "a b"),
        ("[guidance\ndocuments](http://a/(b)) on [2024]", "guidance documents on [2024]"),
        ("a [label that is cut", "a label that is cut"),
        ("a](b) c", "a c"),
        ("a * b *c*, _d e_ __f:__ g_h", "a * b c, d e f: g_h"),
        ("Kosovo* and *Serbia", "Kosovo* and *Serbia"),
        (r"\*not\* Kosovo*", "*not* Kosovo*"),
        ('<a id="goal"></a># Goal < 5', "# Goal < 5"),
        ("", ""),
    ],
)
def test_markup_and_space_are_no_words(raw: str, text: str) -> None:
    plain = Plain.of(raw, 7)
    assert plain.text == text == clean(raw)
    assert len(plain.at) == len(text)
    assert all(char == " " or raw[place - 7] == char for char, place in zip(text, plain.at, strict=True))


def test_folding_keeps_every_place() -> None:
    assert folded("Façade – İzmir’s") == "Facade - Izmir's"
    assert all(len(folded(chr(code))) == 1 for code in range(0x3000))


def test_names_of_regions() -> None:
    assert region_name("SOUTH EAST\nAND EASTERN EUROPE") == "South East and Eastern Europe"
    assert region_name("Gulf Cooperation Council Countries") == "Gulf Cooperation Council Countries"
    assert slug("  African Atlantic Façade! ") == "african-atlantic-facade"
