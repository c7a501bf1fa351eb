"""Cache the verdicts of frictionless: on fields and addresses within a process, on tables from one release to the next.

frictionless checks every copy of a field, which takes half of its time, and an address again in each cell. The verdict on a
field depends only on its class, its descriptor and the version of the standard; that on a table on its file, its
description, and the keys to which it refers. Only valid ones are cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import references_hold, released_tables
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR
from cbrn_data.strict_json import parse_object


@cache
def judge_fields_once() -> None:
    """Make frictionless remember valid fields, and its results for the last addresses, from now on."""
    import frictionless
    from frictionless.vendors import stringcase

    judge, good = frictionless.Field.metadata_validate.__func__, set()

    def metadata_validate(cls: type, descriptor: dict[str, Any], *, context: Any = None) -> Iterator[Any]:
        key = cls, repr(descriptor), context and context.datapackage_version
        if key not in good:
            errors = list(judge(cls, descriptor, context=context))
            if not errors:
                good.add(key)
            yield from errors

    frictionless.Field.metadata_validate = classmethod(metadata_validate)
    stringcase.snakecase = cache(stringcase.snakecase)
    reader_of = frictionless.fields.StringField.create_value_reader

    def create_value_reader(field: Any) -> Callable[[Any], Any]:
        read = reader_of(field)
        once = lru_cache(1000)(read)
        return (lambda cell: once(cell) if type(cell) is str else read(cell)) if field.format == "uri" else read

    frictionless.fields.StringField.create_value_reader = create_value_reader


def judged_before(folder: Path, before: Path, descriptor: Mapping[str, Any]) -> set[str]:
    """Return the names of the resources of ``descriptor`` for which the verdict on the release ``before`` still holds.

    Their files and descriptions are the same, and no row to which they may refer is gone. A table in parts is never named.
    """
    then = parse_object(before / DESCRIPTOR, disk.read(before / DESCRIPTOR))
    known = {resource["name"]: resource for resource in then["resources"]}
    old, new = (released_tables(each, read_package(each / "schemas")) for each in (before, folder))

    @cache
    def refers(name: str) -> bool:
        return name in new and references_hold(new[name].definition, old, new)

    return {
        resource["name"]
        for resource in descriptor["resources"]
        if resource == known.get(resource["name"])
        and isinstance(resource["path"], str)
        and resource["hash"] == f"sha256:{disk.digest(folder / resource['path'])}"
        and refers(resource["name"].removesuffix("-json"))
    }
