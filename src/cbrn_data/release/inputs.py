"""What a release is made of, as it stands in the release: sources, their sidecars, and definitions.

The base address of a portal is an operator's and stands only in derived files, so its line of ``package.yaml`` stays out.
"""

from __future__ import annotations

import re

from cbrn_data.schema.model import Package
from cbrn_data.sources.source import Source
from cbrn_data.store.disk import Data, Large


def input_files(sources: list[Source], package: Package) -> dict[str, Data]:
    """Return what a release is made of, as it stands in the release: sources, their sidecars, and definitions."""
    files: dict[str, Data] = {f"schemas/{name}": _without_base(data) for name, data in package.files.items()}
    for source in sources:
        about = source.about
        data = Large(source.path, about["sha256"], int(about["bytes"])) if source.path else source.data
        files |= {f"sources/{source.name}": data, f"sources/{source.name}.yaml": source.sidecar}
    return files


def _without_base(data: bytes) -> bytes:
    return re.sub(rb"(?m)^base_url:.*\n", b"", data)
