"""Replace a leaflet or a region's page by a corrected document, with its text, positions and picture.

The new document is read as ``add`` reads it, with the existing reading file. The sidecar keeps the keys that a person gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.documents.received import LEAFLET_SUFFIXES
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import READING, Finding, reading_file, shown
from cbrn_data.intake.add import make_leaflet
from cbrn_data.intake.read import read_file
from cbrn_data.intake.write import OPTIONS, About, Content, measured, project_publisher, sidecar_text
from cbrn_data.normalise.text import slug
from cbrn_data.regions import Regions
from cbrn_data.settings import Settings
from cbrn_data.sources.source import MAX_BYTES, read_bytes, read_sidecar


@dataclass(frozen=True)
class Replacement:
    """The new files and sidecars of a leaflet, the files to remove, and the warnings; ``text_of`` is the document."""

    files: dict[str, Content]
    sidecars: dict[str, bytes]
    removed: list[str]
    findings: list[Finding]
    text_of: str


def leaflet_of(path: Path, raw: Path, known: Regions | None) -> str:
    """Return the name under ``raw`` of the text of the leaflet that ``path`` corrects, by its name, else by its content.

    Raises SourceError if it cannot be read, CbrnDataError if there is no such leaflet.
    """
    named = f"{slug(path.stem)}.txt"
    if (raw / f"{named}.yaml").exists():
        return named
    leaflet = read_file(path, _data(path)).leaflet
    region = leaflet.region.value if leaflet.region else ""
    region_id = (known.find(region) if known else None) or slug(region)
    name = f"{region_id}-{leaflet.year}.txt"
    if not leaflet.is_page and leaflet.year and (raw / f"{name}.yaml").exists():
        return name
    raise CbrnDataError(
        f"{shown(str(path))}: raw/ has no leaflet {region_id} of {leaflet.year or 'its year'}; add it with `cbrn-data add`, "
        "or name the file as the one in raw/ that it corrects"
    )


def is_document(name: str) -> bool:
    """Whether a file of this name is read as a leaflet."""
    return Path(name).suffix.lower() in LEAFLET_SUFFIXES


def replace_leaflet(
    path: Path, settings: Settings, main: str, group: Mapping[str, object], given: Mapping[str, str], known: Regions | None
) -> Replacement:
    """Return what replaces the leaflet with the text ``main`` and the files of its ``group``. Raises SourceError."""
    raw = settings.raw
    old = read_sidecar(raw, main)[0] or {}
    said = {key: str(old[key]) for key in OPTIONS if old.get(key) is not None and key != "on_error"}
    said.update(given)
    about = About(
        edition=str(old["edition"]) if "edition" in old else None,
        read_on=None if "edition" in old else str(old["retrieved_on"]),
        new_region=old.get("region_is") == "new",
        today=str(old["retrieved_on"]),
        project=project_publisher(settings.schemas),
        **{key: value or None for key, value in said.items()},
    )
    stem = main.removesuffix(".txt")
    beside, kept = path.with_name(reading_file(path.name)), raw / f"{stem}{READING}"
    reading = kept if kept.exists() and not beside.exists() else None
    made = make_leaflet(path, _data(path), about, known, None, reading)
    if made.name != stem:
        raise CbrnDataError(f"{shown(str(path))}: is the leaflet {made.name}, not {stem}; add it with `cbrn-data add`")
    files = {name: data for name, (data, _) in made.files.items() if not _is_there(raw / name, data)}
    sidecars = {name: sidecar_text(entry, made.files[name][0]) for name, (_, entry) in made.files.items()}
    if reading:
        sidecars.pop(kept.name, None)
    removed = [name for name in group if name not in made.files]
    return Replacement(files, sidecars, removed, made.findings, str(made.files[main][1].get("text_of") or ""))


def _data(path: Path) -> bytes:
    data, findings = read_bytes(path, str(path), MAX_BYTES["leaflet" if path.suffix.lower() == ".txt" else "document"])
    if data is None:
        raise SourceError(f"{path} cannot be read", findings)
    return data


def _is_there(path: Path, data: Content) -> bool:
    return path.is_file() and measured(path) == measured(data)
