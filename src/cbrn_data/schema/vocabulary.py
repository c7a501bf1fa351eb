"""The codes that ``package.yaml`` may name, from the authority tables of the EU Publications Office, with their labels.

Only codes that mean something for this package stand here. A harvester knows a licence, a theme or a frequency by its
address in a table, and by nothing else; so a word that has none is refused where it is written, and not at the portal
that would lose it. Each label is the English one of its table.
"""

from __future__ import annotations

AUTHORITY = "http://publications.europa.eu/resource/authority/"
"""Where the tables are."""

LICENCES = {
    "CC-BY-4.0": ("CC_BY_4_0", "Creative Commons Attribution 4.0 International"),
    "CC-BY-SA-4.0": ("CC_BYSA_4_0", "Creative Commons Attribution–ShareAlike 4.0 International"),
    "CC0-1.0": ("CC0", "Creative Commons CC0 1.0 Universal"),
}
"""SPDX identifier -> code in ``licence``, and label."""

CKAN_LICENCES = {
    "CC-BY-4.0": "Creative Commons Attribution",
    "CC-BY-SA-4.0": "Creative Commons Attribution Share-Alike",
    "CC0-1.0": "Creative Commons CCZero",
}
"""SPDX identifier -> title in CKAN's own list of licences, by which CKAN knows a licence whose address it does not know."""

THEMES = {
    "AGRI": "Agriculture, fisheries, forestry and food",
    "ECON": "Economy and finance",
    "EDUC": "Education, culture and sport",
    "ENER": "Energy",
    "ENVI": "Environment",
    "GOVE": "Government and public sector",
    "HEAL": "Health",
    "INTR": "International issues",
    "JUST": "Justice, legal system and public safety",
    "REGI": "Regions and cities",
    "SOCI": "Population and society",
    "TECH": "Science and technology",
    "TRAN": "Transport",
}
"""Code in ``data-theme`` -> label."""

FREQUENCIES = {
    "ANNUAL": "annual",
    "ANNUAL_2": "semiannual",
    "AS_NEEDED": "as needed",
    "BIENNIAL": "biennial",
    "DAILY": "daily",
    "IRREG": "irregular",
    "MONTHLY": "monthly",
    "QUARTERLY": "quarterly",
    "WEEKLY": "weekly",
}
"""Code in ``frequency`` -> label."""

LANGUAGES = {"ENG": ("English", "en")}
"""Code in ``language`` -> label and tag (BCP 47). One, because titles and descriptions are written in English."""
