"""Who made a release: an in-toto statement about its files, signed with Ed25519 in a DSSE envelope.

Why this format: the exact bytes are signed, so nothing depends on canonical JSON; Ed25519 is deterministic, so a
release that is built again has the same signature; and other people's programs verify it (securesystemslib,
in-toto-attestation, openssl). The cost is a base64 payload that people do not read; ``release.json`` says the same.
"""
