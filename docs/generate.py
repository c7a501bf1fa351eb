"""Write the pages of docs/ that are derived: ``python docs/generate.py``. A test fails while one is out of date."""

from pathlib import Path

from cbrn_data.findings import catalogue
from cbrn_data.schema.dictionary import dictionary
from cbrn_data.schema.model import read_package

HERE = Path(__file__).parent


def findings_page() -> str:
    """Return the page of all findings."""
    lines = ["# Findings", "", "What a check can say. `error` forbids a release, `warning` is published with it.", ""]
    for code in catalogue().values():
        title = f"{code.title} ({code.severity}). {code.explanation}"
        lines += [f"## {code.code}", "", title, "", f"What to do: {code.fix}", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return every derived page by its name."""
    return {"findings.md": findings_page(), "tables.md": dictionary(read_package(HERE.parent / "schemas"))}


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
