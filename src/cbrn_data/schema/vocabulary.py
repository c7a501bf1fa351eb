"""The codes that ``package.yaml`` may use, from the authority tables of the EU Publications Office, with English labels.

Only relevant codes are listed. A harvester identifies a licence, a theme or a frequency only by its address in a table, so a
word without an address is refused in ``package.yaml``, instead of being lost at the portal.
"""

from __future__ import annotations

AUTHORITY = "http://publications.europa.eu/resource/authority/"
"""The address of the tables."""

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
"""SPDX identifier -> title in CKAN's own list of licences, for licences whose address CKAN does not know."""

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
"""Code in ``language`` -> label and tag (BCP 47); only one, because titles and descriptions are in English."""
