"""The catalogue and each dataset as schema.org JSON-LD, for the home page and the page of a table.

The properties are those that Google Dataset Search requires or recommends
(https://developers.google.com/search/docs/appearance/structured-data/dataset).
"""

from __future__ import annotations

import json
from typing import Any

from cbrn_data.catalogue.model import Catalogue, Dataset, Distribution
from cbrn_data.schema.model import Field
from cbrn_data.schema.vocabulary import AUTHORITY, LANGUAGES, THEMES

_UNSAFE = "<>&\u2028\u2029"


def schema_org(catalogue: Catalogue, dataset: Dataset) -> dict[str, Any]:
    """Return a dataset as JSON-LD."""
    of, address = catalogue, catalogue.base + dataset.page
    period = f"{of.coverage.first_day}/{of.coverage.last_day}" if of.coverage.first_day else None
    described = {
        "@context": {"@vocab": "http://schema.org/"},
        "@type": "Dataset",
        "@id": of.identity(f"{dataset.page}#dataset"),
        "name": dataset.title,
        "description": dataset.description,
        "url": address,
        "identifier": of.identity(f"{dataset.page}#dataset"),
        "version": of.version,
        "license": of.licence["path"],
        "creator": publisher(of),
        "publisher": publisher(of),
        "keywords": list(of.keywords),
        "about": [
            {"@type": "DefinedTerm", "@id": f"{AUTHORITY}data-theme/{code}", "name": THEMES[code], "termCode": code}
            for code in of.themes
        ],
        "inLanguage": LANGUAGES[of.language][1],
        "isAccessibleForFree": True,
        "datePublished": dataset.issued,
        "dateModified": of.modified,
        "temporalCoverage": period,
        "spatialCoverage": [{"@type": "Country", "name": name, "identifier": code} for code, name in of.coverage.countries],
        "variableMeasured": [_variable(field) for field in dataset.table.fields],
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": of.identity("#catalog"), "name": of.title, "url": of.base},
        "distribution": [_download(of, dataset, distribution) for distribution in dataset.distributions],
    }
    return {key: value for key, value in described.items() if value is not None}


def data_catalogue(of: Catalogue) -> dict[str, Any]:
    """Return the whole catalogue as JSON-LD, for the home page; the page of each table has the rest about its dataset."""
    return {
        "@context": {"@vocab": "http://schema.org/"},
        "@type": "DataCatalog",
        "@id": of.identity("#catalog"),
        "name": of.title,
        "description": of.description,
        "url": of.base,
        "license": of.licence["path"],
        "publisher": publisher(of),
        "keywords": list(of.keywords),
        "inLanguage": LANGUAGES[of.language][1],
        "datePublished": of.issued,
        "dateModified": of.modified,
        "dataset": [
            {
                "@type": "Dataset",
                "@id": of.identity(f"{dataset.page}#dataset"),
                "name": dataset.title,
                "description": dataset.description,
                "url": of.base + dataset.page,
                "license": of.licence["path"],
                "creator": publisher(of),
            }
            for dataset in of.datasets
        ],
    }


def publisher(of: Catalogue) -> dict[str, str]:
    """Return the publisher as an organisation."""
    return {"@type": "Organization", "@id": f"{of.base}#publisher", "name": of.publisher["name"]}


def script_text(value: Any) -> str:
    r"""Return JSON that is safe between ``<script type="application/ld+json">`` and ``</script>``.

    >>> script_text({"name": "</script>"})
    '{"name": "\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False)
    for mark in _UNSAFE:
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _variable(field: Field) -> dict[str, str]:
    said = {"@type": "PropertyValue", "name": field.name, "alternateName": field.title, "description": field.description}
    return said | ({"unitText": field.unit} if field.unit else {})


def _download(of: Catalogue, dataset: Dataset, distribution: Distribution) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "@id": of.identity(f"{dataset.page}#{distribution.form.lower()}"),
        "name": distribution.title,
        "contentUrl": of.base + distribution.path,
        "encodingFormat": distribution.media_type,
        "contentSize": f"{distribution.bytes} B",
        "sha256": distribution.sha256,
        "license": of.licence["path"],
        "datePublished": of.released,
    }
