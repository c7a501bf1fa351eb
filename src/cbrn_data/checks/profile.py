"""The descriptor of a release against the official profile of Data Package 2.0, which frictionless does not know.

The profile is a file of this package (``profiles/README.md`` says where it comes from): it judges without a network, and
alike as long as the code stays. It refers to no other file, so nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from cbrn_data.findings import Finding, shown
from cbrn_data.store.folder import DESCRIPTOR

PROFILE = files("cbrn_data.checks") / "profiles" / "datapackage-2.0.json"


def by_profile(descriptor: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each place where a descriptor does not hold to the official profile."""
    from jsonschema import Draft7Validator

    profile = json.loads(PROFILE.read_bytes())
    for error in Draft7Validator(profile).iter_errors(descriptor):
        yield Finding("data-package-profile", f"{error.json_path}: {shown(error.message, 160)}", DESCRIPTOR)
