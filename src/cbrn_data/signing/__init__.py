"""The signature of a release: an in-toto statement about its files, signed with Ed25519 in a DSSE envelope.

Why this format: the exact bytes are signed, so nothing depends on canonical JSON. Ed25519 is deterministic, so a rebuilt
release has the same signature. Other programs can verify it (securesystemslib, in-toto-attestation, openssl). The cost is a
base64 payload that people cannot read; ``release.json`` has the same content.
"""
