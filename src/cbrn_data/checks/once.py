"""Let frictionless judge equal fields once in a process: it judges every copy of a field again, half of its time.

The verdict on a field depends only on its class, its descriptor and the version of the standard, and only good ones are
kept. Every row is still read and judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


@cache
def judge_fields_once() -> None:
    """Make frictionless remember the fields that it found good, from now on."""
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
