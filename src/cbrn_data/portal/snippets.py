"""Code examples that load a table. They run unchanged, and keep codes such as ``004`` and ``NA``."""

from __future__ import annotations

from cbrn_data.catalogue.address import is_trusted
from cbrn_data.exports import EXPORTS, parquet_file
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.written import NUMBERS
from cbrn_data.store.history import LATEST, RELEASES


def snippets(table: TableDefinition, base: str, version: str, in_parts: bool = False) -> list[tuple[str, str]]:
    """Return tool and code for each tool; ``base`` is the address of the site, ``version`` may be ``latest``.

    For a table in parts, there are only tools that need no single address.
    """
    folder = f"{base}{LATEST}/" if version == LATEST else f"{base}{RELEASES}/{version}/"
    address, typed = f"{folder}{table.name}.csv", f"{base}{EXPORTS}/{version}/{parquet_file(table.name)}"
    checked = ("Python (cbrn_data: types of the schema, digests checked)", _client(table, base, version))
    typed_client = [checked] if is_trusted(base) else []  # the client refuses other addresses
    if in_parts:
        return [("Python (pandas)", _pandas_parts(table, folder)), *typed_client]
    return [
        ("Python (pandas)", _pandas(table, address)),
        *typed_client,
        ("R", _r(table, address)),
        ("DuckDB", f"SELECT *\nFROM '{typed}';\n"),
        ("JavaScript", _javascript(table, f"{folder}{table.name}.json")),
        ("LibreOffice (in a terminal)", _libreoffice(table, address)),
        ("Excel (Data › Get Data › Blank Query › Advanced Editor)", _excel(address)),
        ("Google Sheets (which reads codes such as 004 as numbers)", f'=IMPORTDATA("{address}")\n'),
    ]


def _numbers(table: TableDefinition) -> list[str]:
    return [field.name for field in table.fields if field.type in NUMBERS]


def _pandas(table: TableDefinition, address: str) -> str:
    types = "".join(f'    "{name}": "Int64",\n' for name in _numbers(table))
    typed = f").astype({{\n{types}}})\n" if types else ")\n"
    return (
        f'import pandas as pd\n\n{table.name} = pd.read_csv(\n    "{address}",\n    dtype="string",\n'
        f'    keep_default_na=False,  # NA is a country code here\n    na_values=[""],\n{typed}print({table.name})\n'
    )


def _pandas_parts(table: TableDefinition, folder: str) -> str:
    return (
        f'import json\nfrom urllib.request import urlopen\n\nimport pandas as pd\n\nfolder = "{folder}"\n'
        'with urlopen(folder + "datapackage.json") as file:\n    resources = json.load(file)["resources"]\n'
        f'(paths,) = [one["path"] for one in resources if one["name"] == "{table.name}"]\n'
        f"{table.name} = pd.concat(\n    [\n"
        '        pd.read_csv(folder + path, dtype="string", keep_default_na=False, na_values=[""])\n'
        f"        for path in paths\n    ],\n    ignore_index=True,\n)\nprint({table.name})\n"
    )


def _client(table: TableDefinition, base: str, version: str) -> str:
    return (
        f'import cbrn_data as cbrn\n\n{table.name} = cbrn.load("{table.name}", version="{version}", source="{base}")\n'
        f"print({table.name})\n"
    )


def _r(table: TableDefinition, address: str) -> str:
    numbers = "".join(f"{table.name}${name} <- as.numeric({table.name}${name})\n" for name in _numbers(table))
    return (
        f'{table.name} <- read.csv(\n  "{address}",\n  colClasses = "character", na.strings = "", encoding = "UTF-8"\n)\n'
        f"{numbers}str({table.name})\n"
    )


def _javascript(table: TableDefinition, address: str) -> str:
    return (
        f'const answer = await fetch("{address}");\nconst {table.name} = await answer.json();\nconsole.log({table.name});\n'
    )


def _libreoffice(table: TableDefinition, address: str) -> str:
    """Return a command; its filter means comma, quotation mark, UTF-8, from line 1, and the type of each column.

    https://help.libreoffice.org/latest/en-US/text/shared/guide/csv_params.html
    """
    columns = "/".join(f"{place}/{1 if field.type in NUMBERS else 2}" for place, field in enumerate(table.fields, 1))
    return f'soffice --headless --convert-to xlsx --infilter="CSV:44,34,76,1,{columns}" \\\n  {address}\n'


def _excel(address: str) -> str:
    return (
        f'let\n  Source = Csv.Document(Web.Contents("{address}"), [Delimiter = ",", Encoding = 65001]),\n'
        "  Table = Table.PromoteHeaders(Source)\nin\n  Table\n"
    )
