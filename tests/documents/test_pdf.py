"""PDFs by layout: each kind of design as a page of a few words, and each kind that must be refused or doubted."""

from __future__ import annotations

import json
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.documents.margins import left_out
from cbrn_data.documents.page import Glyph, Page
from cbrn_data.documents.pdf import read_pdf
from cbrn_data.documents.segments import Segment
from cbrn_data.documents.text import ReadText, RefusedError, from_value
from tests.printed import HEIGHT, Drawn, pdf, width

SHARED = Path(__file__).parents[3] / "shared" / "leaflets" / "printed"


def read(*pages: Drawn, rotate: int = 0) -> ReadText:
    return from_value(read_pdf(BytesIO(pdf(*pages, rotate=rotate))))


def blocks(*pages: Drawn, rotate: int = 0) -> list[str]:
    return [" ".join(block.split()) for block in read(*pages, rotate=rotate).text.split("\n\n")]


LEFT = ("In May 2024 Project 87 held a course", "for officers of six countries who are", "now trainers in their country and")
RIGHT = ("teach others.", "In June 2024 a laboratory was opened", "in Amman under Project 73 as planned.")


def test_columns_are_read_one_after_the_other_and_a_text_goes_on_over_the_gutter() -> None:
    page = Drawn().text(40, 60, "Recent Achievements", 14, bold=True).lines(40, 90, *LEFT)
    page.text(300, 90, RIGHT[0]).lines(300, 108, *RIGHT[1:])
    assert blocks(page) == ["Recent Achievements", " ".join([*LEFT, RIGHT[0]]), " ".join(RIGHT[1:])]


def test_the_order_of_drawing_tells_rows_from_columns() -> None:
    names = ["Border control", "First response", "Waste management", "Biosafety"]
    across, down = Drawn(), Drawn()
    for number, name in enumerate(names):
        across.text(40 + 200 * (number % 2), 60 + 30 * (number // 2), name)
        down.text(40 + 200 * (number // 2), 60 + 30 * (number % 2), name)
    assert blocks(across) == names
    assert blocks(down) == names


def test_a_column_on_the_left_of_the_title_follows_its_column() -> None:
    page = Drawn().text(40, 60, "Partner Countries", 12, bold=True).lines(40, 90, "Iraq", "Jordan", "Lebanon")
    page.text(240, 60, "Middle East Regional Secretariat", 16, bold=True).lines(240, 90, "Amman, Jordan", leading=30)
    page.text(240, 120, "Projects", 12, bold=True).text(240, 140, "Since 2013, 27 projects")
    assert [blocks(page)[place] for place in (0, 1, 2, 4)] == [
        *("Middle East Regional Secretariat", "Amman, Jordan", "Projects", "Partner Countries")
    ]


def test_headings_beside_their_text_head_it() -> None:
    page = Drawn().text(40, 60, "Partner", 12, bold=True).text(40, 74, "Countries", 12, bold=True)
    page.text(200, 60, "Iraq, Jordan, Lebanon").text(40, 120, "Priorities", 12, bold=True).text(200, 120, "Border control")
    assert blocks(page) == ["Partner Countries", "Iraq, Jordan, Lebanon", "Priorities", "Border control"]


def test_a_heading_that_only_its_font_parts_from_its_text_heads_it() -> None:
    page = (
        Drawn()
        .text(40, 60, "Waste")
        .raw(f"BT 40 {HEIGHT - 84} Td /B 10 Tf (Methodology ) Tj /F 10 Tf (6 teams meet twice a year and report) Tj ET")
    )
    page.text(40, 96, "to the region").raw(f"BT 40 {HEIGHT - 120} Td /B 10 Tf (Projects and) Tj /F 10 Tf ( plans) Tj ET")
    assert blocks(page) == [
        *("Waste", "Methodology", "6 teams meet twice a year and report to the region", "Projects and plans")
    ]


def test_a_row_of_headings_begins_other_columns() -> None:
    page = Drawn().text(40, 60, "Partner Countries", 12, bold=True)
    for place, name in enumerate(["Iraq", "Jordan", "Lebanon", "Syria"]):
        page.text(40 + 200 * (place % 2), 80 + 20 * (place // 2), name)
    for x, heading, item in ((40, "Priorities", "Waste"), (300, "Methodology", "3 teams work together")):
        page.text(x, 140, heading, 12, bold=True).text(x, 160, item)
    names = ["Partner Countries", "Iraq", "Jordan", "Lebanon", "Syria"]
    assert blocks(page) == [*names, "Priorities", "Waste", "Methodology", "3 teams work together"]


def test_a_narrow_gutter_parts_columns_that_the_file_draws_one_after_the_other() -> None:
    left, right = ["Partner Countries", "Iraq", "Jordan", "Lebanon", "Projects"], ["Methodology", "Teams", "Points", "Plans"]
    page = Drawn().lines(40, 60, *left, "Project 87: Training of officers at borders", "of three countries")
    page.lines(46 + width("Project 87: Training of officers at borders"), 60, *right, "Meetings", "Needs")
    found = " ".join(blocks(page))
    assert found.index("of three countries") < found.index("Methodology") < found.index("Teams")


def test_headings_that_columns_have_on_one_line_by_chance_do_not_cut_them() -> None:
    page = Drawn()
    for x, above, heading in ((40, "Priorities", "Methodology"), (300, "Waste", "Recent Achievements")):
        page.text(x, 60, above, 12, bold=above == "Priorities").lines(x, 80, "Forensics of " + above, "Borders of " + above)
        page.text(x, 120, heading, 12, bold=True).text(x, 140, f"Words of {heading}").text(x, 160, f"More of {heading}")
    found = blocks(page)
    assert found.index("More of Methodology") < found.index("Waste") < found.index("Recent Achievements")


def test_a_cell_goes_on_over_the_page_before_the_heading_of_the_next_row() -> None:
    first = Drawn().text(40, 120, "Projects", bold=True).lines(200, 120, "Project 53: Laws and", "training in the whole of")
    after = Drawn().text(200, 120, "Central Asia").text(40, 150, "Priorities", bold=True).text(200, 150, "Waste")
    after.text(40, 180, "Methodology", bold=True).text(200, 180, "6 teams")
    assert blocks(first, after)[1:4] == ["Project 53: Laws and training in the whole of Central Asia", "Priorities", "Waste"]


def test_labels_that_are_drawn_before_all_values_stand_with_theirs() -> None:
    page, labels = Drawn(), ("Seat", "Established", "Overall goal")
    for x, words in ((40, labels), (160, ("Amman, Jordan", "4 June 2013", "Mitigate risks"))):
        for place, text in enumerate(words):
            page.text(x, 60 + 16 * place, text)
    assert blocks(page) == ["Seat", "Amman, Jordan", "Established", "4 June 2013", "Overall goal", "Mitigate risks"]


def test_a_label_and_its_text_go_on_under_the_label() -> None:
    page = (
        Drawn()
        .text(40, 60, "Project 87", bold=True)
        .text(40 + width("Project 87", bold=True) + 6, 60, "Exercises to mitigate")
    )
    assert blocks(page.text(55, 72, "risks")) == ["Project 87 Exercises to mitigate risks"]


def test_cells_of_several_lines_belong_to_the_label_at_their_top() -> None:
    page = Drawn()
    for y, number, lines in (
        (60, 87, ("Capacity building for", "mass gatherings")),
        (84, 97, ("Chemical safety and", "security")),
    ):
        page.text(40, y, f"Project {number}").lines(120, y, *lines)
    assert blocks(page) == [
        *("Project 87", "Capacity building for mass gatherings", "Project 97", "Chemical safety and security")
    ]


def test_a_column_begins_above_the_heading_at_the_left_of_it() -> None:
    page = Drawn().text(40, 60, "Middle East Regional Secretariat", 20)
    page.lines(40, 126, "Funded by the European Union and implemented in partnership with UNICRI and others in the region")
    page.text(330, 270, "Training of Trainers").text(40, 280, "Partner Countries", 12)
    page.lines(40, 299, "Iraq, Jordan, Lebanon,", "Bahrain and Kuwait")
    page.lines(330, 295, "Community Outreach", "Methodology", "Teams met", leading=20)
    assert blocks(page)[2:] == [
        *("Partner Countries", "Iraq, Jordan, Lebanon, Bahrain and Kuwait"),
        *("Training of Trainers", "Community Outreach", "Methodology", "Teams met"),
    ]


def test_words_beside_a_gutter_of_one_line_are_read_in_turn() -> None:
    words = (
        "05",
        "Training of Trainers",
        "Our partner countries",
        "Community Outreach",
        "A note about this leaflet of the region",
    )
    page = Drawn().text(40, 126, "Funded by the European Union and implemented in partnership with UNICRI")
    page.text(311, 270, words[0]).text(330, 270, words[1]).text(40, 280, words[2], 12)
    page.text(330, 291, words[3]).text(246, 825, words[4], 7)
    assert sorted(" ".join(blocks(page)[1:]).split()) == sorted(" ".join(words).split())


def test_a_statement_of_the_head_goes_on_after_a_wider_gap() -> None:
    page = Drawn().lines(40, 60, "Overall goal: Strengthen the capacity of countries to mitigate CBRN", "risks", leading=16)
    page.lines(40, 100, "This paragraph has lines of the usual distance, and goes", "on with a small letter.", leading=12)
    assert blocks(page)[0] == "Overall goal: Strengthen the capacity of countries to mitigate CBRN risks"


def test_an_item_goes_on_over_the_page_if_its_line_ends_at_the_right() -> None:
    text = "This line of the column is as wide as it gets"
    first = Drawn().text(40, 60, "Achievements", 14, bold=True).lines(40, 90, text, f"{text} now again.")
    first.text(40, 118, "• In May, a team met.").text(40, 134, "• On 30 May 2023, five countries met and there")
    first.text(90, 146, "Lebanon adopted its second National Plan")
    assert blocks(first, Drawn().text(90, 60, "Action."))[-1].endswith("National Plan Action.")


def test_the_title_of_a_project_goes_on_over_the_page() -> None:
    first = Drawn().text(40, 60, "Projects", 14, bold=True).lines(40, 90, "Project 53: Training in biosecurity in Central")
    assert not read(first, Drawn().text(40, 60, "Project 69: Waste").text(40, 90, "In May, a team met.")).doubts
    assert blocks(first, Drawn().text(40, 60, "Asian countries").text(40, 90, "Project 69: Waste"))[1:] == [
        *("Project 53: Training in biosecurity in Central Asian countries", "Project 69: Waste")
    ]
    row = Drawn().text(40, 60, "Projects", 14, bold=True).text(40, 90, "Project 52").text(120, 90, "Training of nurses")
    row.text(40, 120, "Project 53").text(120, 120, "Biosecurity in Central")
    below = Drawn().text(120, 60, "Asian countries").text(40, 90, "Project 69").text(120, 90, "Waste")
    assert "Biosecurity in Central Asian countries" in blocks(row, below)


def test_a_space_that_the_next_letter_covers_is_none() -> None:
    page = Drawn().raw(f"BT /F 10 Tf 40 {HEIGHT - 60} Td [(A networ ) 270 (k of ) 100 (teams)] TJ ET")
    assert blocks(page) == ["A network of teams"]


def test_words_of_a_justified_line_are_one_space_apart_however_wide() -> None:
    page = Drawn().raw(f"BT /F 10 Tf 8 Tw 40 {HEIGHT - 60} Td (Iraq, Jordan, Lebanon, Kuwait) Tj ET")
    assert read(page).text == "Iraq, Jordan, Lebanon, Kuwait\n"


def test_a_full_line_goes_on_after_a_wider_gap_before_a_small_letter() -> None:
    page = (
        Drawn()
        .lines(40, 60, "Waste of plants and of", "all ports is safe.", "And more than", "that.")
        .text(40, 140, "Since 2013, 27 projects")
    )
    page.lines(40, 157, "ended under Project 6 in", "Burkina Faso.", leading=17)
    assert blocks(page)[-1] == "Since 2013, 27 projects ended under Project 6 in Burkina Faso."


def test_an_unfinished_line_goes_on_after_a_wider_gap() -> None:
    page = (
        Drawn().lines(40, 60, "Waste", "of plants", "of ports", "of roads").text(40, 200, "The goal is to mitigate risks of")
    )
    assert blocks(page.text(40, 216, "accidental origin"))[-1] == "The goal is to mitigate risks of accidental origin"


@pytest.mark.parametrize("size", [26, 10])
def test_a_large_word_begins_the_sentence_under_it(size: int) -> None:
    page = (
        Drawn().text(40, 40, "Methodology", 13, bold=True).text(40, 90, "All", size).text(40, 118, "three plans are written")
    )
    assert blocks(page)[1:] == (["All three plans are written"] if size > 10 else ["All", "three plans are written"])


@pytest.mark.parametrize("beside", [True, False])
def test_a_large_numeral_belongs_to_what_it_counts(beside: bool) -> None:
    page = Drawn().text(40, 40, "Methodology", 13, bold=True)
    for number, (count, words) in enumerate([("6", "countries have focal points"), ("5", "countries prepare plans")]):
        if beside:
            page.text(40, 90 + 50 * number, count, 26).text(60, 86 + 50 * number, words)
        else:
            page.text(40 + 250 * number, 90, count, 26).text(40 + 250 * number, 104, words)
    assert blocks(page) == ["Methodology", "6 countries have focal points", "5 countries prepare plans"]


def test_a_box_is_read_as_one_thing() -> None:
    page = Drawn().box(30, 40, 180, 120, 0.2).box(220, 40, 300, 120)
    page.text(40, 60, "Partner Countries", 12, grey=1).lines(40, 80, "Iraq", "Jordan")
    page.text(230, 60, "Methodology", 12).lines(230, 80, "3 teams were established", "in three countries")
    assert blocks(page) == ["Partner Countries", "Iraq Jordan", "Methodology", "3 teams were established in three countries"]


def test_words_in_frames_that_touch_are_not_one_word() -> None:
    first = ("Partner Countries", "Iraq, Jordan and Lebanon")
    x = 41 + width(first[1])
    page = Drawn().raw(f"{x} {HEIGHT - 100} 150 60 re S 38 {HEIGHT - 100} {x - 38} 60 re S")
    page.lines(40, 60, *first).lines(x, 60, "Methodology", "3 teams met")
    assert blocks(page) == [*first, "Methodology", "3 teams met"]


def test_gaps_of_justified_lines_are_no_gutters() -> None:
    first, last = "Officers of all six countries learnt to work", "and how to plan for mass gatherings."
    right = 40 + width(first)
    page = Drawn().text(40, 60, first)
    words = ["together", "during", "exercises"]
    gap = (right - 40 - sum(width(word) for word in words)) / 2
    x = 40.0
    for word in words:
        page.text(x, 72, word)
        x += width(word) + gap
    page.text(40, 84, last)
    assert blocks(page) == [f"{first} together during exercises {last}"]


def test_what_repeats_at_the_edge_and_numbers_of_pages_are_left_out_by_name() -> None:
    pages = [
        Drawn().text(40, y, "EU CBRN CoE", 8).text(40, 80, f"Words of page {name}").text(290, 820, f"{number} / 2", 8)
        for number, name, y in ((1, "one", 26), (2, "two", 28))
    ]
    pages[1].text(40, 100, "www.example.org | info@example.org")
    found = read(*pages)
    assert found.text == "Words of page one\n\n\fWords of page two\n"
    assert [(entry["page"], entry["text"], entry["rule"]) for entry in found.left_out] == [
        (1, "EU CBRN CoE", "running-line"),
        (1, "1 / 2", "page-number"),
        (2, "EU CBRN CoE", "running-line"),
        (2, "www.example.org | info@example.org", "address"),
        (2, "2 / 2", "page-number"),
    ]


@pytest.mark.parametrize(
    ("line", "is_left_out"),
    [
        ("EU CBRN Centres of Excellence – 1", True),
        ("Middle East | Second edition, May 2024", True),
        ("Middle East · page 1", True),
        ("Middle East, 2013", False),
        ("Workshop of EU CBRN CoE, 2024", False),
    ],
)
def test_a_line_at_the_edge_of_one_page_is_left_out_if_it_only_names_leaflet_and_page(line: str, is_left_out: bool) -> None:
    page = (
        Drawn()
        .text(40, 80, "Middle East Regional Secretariat", 20)
        .text(40, 120, "Words of the leaflet")
        .text(40, 820, line)
    )
    assert [entry["rule"] for entry in read(page).left_out] == ["imprint-line"] * is_left_out


def test_a_line_of_a_paragraph_at_the_edge_is_not_left_out() -> None:
    page = (
        Drawn()
        .text(40, 40, "Middle East Regional Secretariat", 20)
        .lines(40, 70, "The EU CBRN CoE", "secretariat is in Jordan.")
    )
    page.lines(40, 810, "EU CBRN CoE", "page 1")
    assert blocks(page)[1:] == ["The EU CBRN CoE secretariat is in Jordan."]


def test_the_region_at_the_edge_of_a_later_page_and_numbers_that_count_on_over_pages_are_left_out() -> None:
    pages = [Drawn().text(40, 80, "Middle East Regional Secretariat", 20), Drawn().text(250, 40, "Middle East")]
    pages[0].text(500, 60, "Middle East", 8)
    for number, name in enumerate(["Waste", "Forensics", "Transport", "Training"]):
        pages[number // 2].text(40, 200 + 30 * number, f"{number + 1}").text(60, 200 + 30 * number, name)
    assert [entry["rule"] for entry in read(*pages).left_out] == [
        *("imprint-line", "list-number", "list-number", "imprint-line", "list-number", "list-number")
    ]


def test_icons_are_left_out_unless_their_font_also_writes_words() -> None:
    def signs(char: str, step: float) -> Segment:
        return Segment(
            tuple(Glyph(char, 40 + step * n, 48 + step * n, 100, 10, f"font of {char}", False, "0", n) for n in range(2))
        )

    flags, words, digits = signs("\uf024", step=80), signs("\ue111", step=8), signs("\uf731", step=80)
    assert left_out([(page := Page(1, 600, 800, []), [flags, words, digits])]) == [(page, flags, "icon")]


@pytest.mark.parametrize(
    "items",
    [
        ("Safety and security of sources", "Detection of traffic at ports", "Bio-risk management", "First response"),
        ("CBRN Forensics", "CBRN Public Awareness", "Collaboration", "Critical Infrastructure Protection and Security"),
        ("Papua New Guinea", "Indonesia", "Philippines", "Timor-Leste"),
    ],
)
def test_lines_without_gaps_are_items_though_the_widest_is_full(items: tuple[str, ...]) -> None:
    widest = max(items, key=width)
    page = Drawn().text(40, 60, "Priorities", 14, bold=True).lines(40, 90, widest, *items)
    assert blocks(page) == ["Priorities", widest, *items]


def test_sentences_that_end_only_at_ends_of_lines_are_items() -> None:
    texts = (
        "In May a team was trained at the",
        "border of Iraq.",
        "In June a plan was drafted by all.",
        "In July a team met in Beirut.",
    )
    page = Drawn().text(40, 40, "Achievements", 12, bold=True).lines(40, 60, *texts)
    assert blocks(page)[1:] == [" ".join(texts[:2]), *texts[2:]]
    page = Drawn().text(40, 40, "Achievements", 12, bold=True).lines(40, 60, *texts[:3], "In July. It met in all countries.")
    assert any("only the ends of lines" in doubt for _, doubt in read(page).doubts)


def test_tags_tell_items_that_the_ends_of_lines_do_not() -> None:
    page, items = Drawn().text(40, 60, "Priorities", 14, bold=True), (("Strategic Trade Control of Dual Use", "Goods"),)
    for number, lines in enumerate([*items, ("CBRN Infrastructure Protection Plans",), ("Waste Management",)]):
        page.raw(f"/P <</MCID {number}>> BDC").lines(40, 90 + 12 * (number + (number > 0)), *lines).raw("EMC")
    assert blocks(page)[1:] == [
        *("Strategic Trade Control of Dual Use Goods", "CBRN Infrastructure Protection Plans", "Waste Management")
    ]


def test_lines_without_gaps_are_items_unless_they_certainly_go_on() -> None:
    lines = ("Safety and Security of Industries and", "Chemical Plants", "Waste", "Detection of traffic", "at ports")
    page = Drawn().text(40, 60, "Priorities", 14, bold=True).lines(40, 90, *lines)
    assert blocks(page)[1:] == [
        "Safety and Security of Industries and Chemical Plants",
        "Waste",
        "Detection of traffic at ports",
    ]


def test_a_dash_in_the_text_of_an_item_is_no_list_mark() -> None:
    page = Drawn().lines(40, 60, "• Project 95: Network of laboratories", "• Project 97: Training")
    page.text(48, 84, "- South-East Asia").text(40, 96, "• Project 99: Waste")
    assert blocks(page) == [
        "• Project 95: Network of laboratories",
        "• Project 97: Training - South-East Asia",
        "• Project 99: Waste",
    ]


@pytest.mark.parametrize(("last", "several"), [("3", 3), ("5", 0)])
def test_numbers_in_frames_that_count_the_items_are_left_out(last: str, several: int) -> None:
    page = Drawn()
    for place, (number, name) in enumerate([("1", "Waste"), ("2", "Forensics"), (last, "Border control")]):
        y = 200 + 40 * place
        page.box(40, y - 12, 18, 18).text(46, y, number, 8).text(70, y, name)
    assert [entry["rule"] for entry in read(page).left_out] == ["list-number"] * several


@pytest.mark.parametrize("zero", ["", "0"])
def test_numbers_beside_items_are_left_out_and_counts_are_not(zero: str) -> None:
    page = Drawn()
    for place, (item, count) in enumerate([("Waste", "plan"), ("Forensics", "teams"), ("Border control", "countries")]):
        page.text(40, 200 + 30 * place, f"{zero}{place + 1}", 9).text(56, 200 + 30 * place, item)
        page.text(300, 200 + 30 * place, f"{place + 1}", 9).text(316, 200 + 30 * place, count)
    assert [(entry["rule"], entry["rectangle"][0]) for entry in read(page).left_out] == [("list-number", 40.0)] * 3


def test_letters_that_are_spaced_out_are_words_again() -> None:
    page, x = Drawn(), 40.0
    for char in "PROJECTS":
        page.text(x, 60, char, 11, bold=True)
        x += width(char, 11, bold=True) + 3
    assert blocks(page) == ["PROJECTS"]


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (("Staff of two labora-", "tories met in infor-", "mal talks."), "Staff of two laboratories met in informal talks."),
        (("The inter-", "ministerial team met."), "The inter-ministerial team met."),
        (
            ("Prepared-", "ness and cap-", "abilities in infor-", "mal talks."),
            "Preparedness and capabilities in informal talks.",
        ),
        (("On-going work is on-", "going."), "On-going work is on-going."),
        (
            ("Laws were re-", "viewed for Biosecu-", "rity and labora-", "tories."),
            "Laws were reviewed for Biosecurity and laboratories.",
        ),
        (("Talks on non-", "proliferation in labora-", "tories."), "Talks on non-proliferation in laboratories."),
        (("Teams of minis-", "tries in labora-", "tories."), "Teams of ministries in laboratories."),
        (("Triage of chemical casual-", "ties in labora-", "tories."), "Triage of chemical casualties in laboratories."),
    ],
)
def test_words_that_a_lines_end_takes_apart_are_made_whole(lines: tuple[str, ...], whole: str) -> None:
    assert blocks(Drawn().lines(40, 60, *lines)) == [whole]


def test_each_line_knows_its_place_on_the_page_as_it_is_shown() -> None:
    upright = read(Drawn().text(40, 60, "Iraq and Jordan"))
    assert upright.places == [(1, [40.0, 52.5, round(40 + width("Iraq and Jordan"), 1), 62.2])]
    turned = read(Drawn().raw("BT /F 10 Tf 0 1 -1 0 100 200 Tm (Iraq and Jordan) Tj ET"))
    assert turned.text == "Iraq and Jordan\n"
    ((_, (x0, y0, x1, y1)),) = [place for place in turned.places if place]
    assert (x0, y1) == (92.5, 642.0) and x1 - x0 < 10 < y1 - y0


LOCK = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (0) /U (0) >> /ID [(a) (a)]"
COURSES = ("In May 2024 a course of ten days was held in Amman.", "In June 2024 another one was held in Beirut.")


@pytest.mark.parametrize(
    ("page", "doubt"),
    [
        (Drawn().text(40, 60, "Waste").text(40, 84, "Project 12 trained 500 officers", grey=1), "is invisible"),
        (Drawn().text(40, 60, "Waste").box(30, 40, 100, 40), "painted over"),
        (Drawn().text(40, 40, "Results").text(40, 60, COURSES[0]).text(40, 80, "A quotation", 16), "another size"),
        (
            Drawn().text(40, 40, "Results").text(40, 60, COURSES[0]).text(40, 80, "A caption").text(40, 100, COURSES[1]),
            "not a sentence",
        ),
        (
            Drawn().lines(40, 60, "Waste and Safety", "of Sources", "Border Control for All Goods", "Strategic Trade"),
            "only the ends of lines",
        ),
        (Drawn().lines(40, 60, "Border control of all goods", "Border", "Waste").text(230, 60, "Forensics"), ""),
    ],
)
def test_what_could_be_read_otherwise_is_doubted(page: Drawn, doubt: str) -> None:
    page.marks = [mark.replace("(Results)", "(Recent Achievements)") for mark in page.marks]
    said = " ".join(message for _, message in read(page).doubts)
    assert (doubt in said) if doubt else not said


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (pdf(Drawn().raw("q 595 0 0 842 0 0 cm /I Do Q")), "document-without-text", "is a scan"),
        (pdf(Drawn().raw("q 595 0 0 842 0 0 cm /I Do Q").text(40, 40, "Received")), "document-without-text", "'Received'"),
        (pdf(Drawn().raw("0 0 m 1 1 l 2 2 l f " * 900)), "document-without-text", "as curves"),
        (pdf(Drawn()), "document-without-text", "has no text"),
        (
            pdf(
                Drawn().text(40, 40, "a"),
                encrypt="/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (0) /U (0) >> /ID [(a) (a)]",
            ),
            "document-locked",
            "password",
        ),
        (b"%PDF-1.7\nnothing", "document-damaged", "cannot be read as PDF"),
        (pdf(Drawn().raw("BT /F 9 Tf 40 800 Td (\x81\x8d) Tj (words) Tj ET")), "document-without-text", "do not identify"),
        (pdf(*[Drawn().text(40, 40, "a")] * 41), "document-too-large", "40 pages"),
    ],
)
def test_a_file_without_text_that_can_be_trusted_is_refused(data: bytes, code: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        from_value(read_pdf(BytesIO(data)))
    assert caught.value.code == code


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.tuples(st.integers(2, 50), st.integers(3, 75), st.sampled_from([8, 10, 14])),
        st.text("abcdefgh", min_size=2, max_size=8),
        min_size=1,
        max_size=25,
    )
)
def test_no_word_is_lost_wherever_words_stand(placed: dict[tuple[int, int, int], str]) -> None:
    page = Drawn()
    for (column, row, size), word in placed.items():
        page.text(column * 10, row * 11, word, size)
    value = read_pdf(BytesIO(pdf(page)))
    said = "".join([value["text"], *(entry["text"] for entry in value.get("left_out", []))])
    there, drawn = Counter("".join(said.split())), Counter("".join(placed.values()))
    assert not there - drawn and all(there[char] for char in drawn)


@pytest.mark.skipif(not SHARED.exists(), reason="the printed leaflets are not here")
@pytest.mark.parametrize("name", ["grid.pdf", "columns-three-landscape.pdf", "word-table.pdf", "rotated.pdf"])
def test_printed_leaflets_say_what_they_say(name: str) -> None:
    from cbrn_data.intake.read import read_file
    from cbrn_data.leaflet.extract import extracted

    gold = json.loads((SHARED / "manifest.json").read_text())[name]["gold"]
    received = read_file(SHARED / name, (SHARED / name).read_bytes())
    assert not [finding for finding in received.findings if finding.is_error]
    assert extracted(received.leaflet) == json.loads((SHARED / f"{gold}.expected.json").read_text())
