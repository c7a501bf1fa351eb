"""The descriptor of a release against the official profile of Data Package 2.0, which frictionless does not know.

Why a copy of the profile: it must judge without a network, and alike in years. ``datapackage-2.0.json`` has the bytes that
https://datapackage.org/profiles/2.0/datapackage.json gives, as ``dplib-py`` 1.1.0 (MIT) ships them; to depend on that
package for one file would bring eight more that nothing here uses. It refers to no other file, so nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from cbrn_data.findings import Finding, shown
from cbrn_data.store.folder import DESCRIPTOR

COPY = "datapackage-2.0.json"


def by_profile(descriptor: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each place where a descriptor does not hold to the official profile."""
    from jsonschema import Draft7Validator

    profile = json.loads(files("cbrn_data.checks").joinpath(COPY).read_bytes())
    for error in Draft7Validator(profile).iter_errors(descriptor):
        yield Finding("data-package-profile", f"{error.json_path}: {shown(error.message, 160)}", DESCRIPTOR)
