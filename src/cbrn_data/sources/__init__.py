"""Read the files under ``raw/``, and verify them.

Each source is one file, byte for byte as received, with a sidecar ``<file>.yaml`` that describes it. Every file must match
the digest in its sidecar.
"""
