"""The inputs of a release, as files of the release: sources, their sidecars, and definitions.

The base address of a portal depends on the operator and is only in derived files, so its line is removed from
``package.yaml``.
"""

from __future__ import annotations

import re

from cbrn_data.schema.model import Package
from cbrn_data.sources.source import Source
from cbrn_data.store.disk import Data, FileRef


def input_files(sources: list[Source], package: Package) -> dict[str, Data]:
    """Return the inputs of a release by file name."""
    files: dict[str, Data] = {
        f"schemas/{name}": re.sub(rb"(?m)^base_url:.*\n", b"", data) for name, data in package.files.items()
    }
    for source in sources:
        about = source.metadata
        file = source.path and FileRef(source.path, about["sha256"], int(about["bytes"]), settled=source.settled)
        data = file or source.data
        files |= {f"sources/{source.name}": data, f"sources/{source.name}.yaml": source.sidecar}
    return files
