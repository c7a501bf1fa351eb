"""Raw bytes in, verified text and cells out.

One file per source under ``raw/``, byte for byte as received, and beside it a sidecar ``<file>.yaml`` that says what it
is and what its digest was. Nothing leaves this room whose bytes its sidecar does not know.
"""
