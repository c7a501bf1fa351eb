"""The predicate of the attestation of a release: SLSA Provenance v1, as a pure function, for producer and auditor.

The names of the fields are those of https://slsa.dev/spec/v1.0/provenance, the descriptors of dependencies those of
https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md. A release is the result of its sources, its
definitions, the release before and the code; each is a dependency with its digest. It has no time of a clock, so a rebuild
gives the same payload. Attestations before 2.1.0 have a predicate of our own, ``OLDER_TYPE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PROVENANCE_TYPE = "https://slsa.dev/provenance/v1"
OLDER_TYPE = "https://cbrn-data.example/attestations/release/v1"
BUILD_TYPE = "https://cbrn-data.example/builds/release/v1"
"""What ``release.rebuild`` does with these parameters and dependencies."""
BUILDER = "https://cbrn-data.example/builders/signing-key/v1"
"""The owner of the signing key ran the build on their own machine: SLSA build level 1."""

PARAMETERS = ("package", "version", "date", "allowed", "approval")
"""What people decided, by its name in ``release.json``."""
DERIVED = ("sequence", "content_digest")


def provenance(info: Mapping[str, Any], digests: Mapping[str, str], report: str, valid: bool) -> dict[str, Any]:
    """Return the predicate of a release, from its ``release.json`` and SHA256SUMS; ``report`` is the name of its report.

    Raises KeyError if the record is not complete.
    """
    made_of = [_file(name, digests[name]) for name in sorted(digests) if name.startswith(("sources/", "schemas/"))]
    before = [{"name": "previous/SHA256SUMS", "digest": {"sha256": info["previous"]}}] if info["previous"] else []
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {key: info[key] for key in PARAMETERS if key in info},
            "internalParameters": {key: info[key] for key in DERIVED},
            "resolvedDependencies": [*made_of, *before, _code(info["code"])],
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": {info["code"]["name"]: info["code"]["version"]}},
            "byproducts": [{**_file(report, digests[report]), "annotations": {"valid": valid}}],
        },
    }


def _file(name: str, sha256: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": sha256}}


def _code(code: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the code by its digest, and by its commit if that is known."""
    commit = {"gitCommit": code["commit"]} if code["commit"] else {}
    rest = {key: code[key] for key in ("version", "libraries", "pages")}
    return {"name": code["name"], "digest": {"sha256": code["digest"], **commit}, "annotations": rest}
