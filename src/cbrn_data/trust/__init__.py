"""Trust in a store as a whole: signed metadata of The Update Framework (TUF), made and read with python-tuf.

Each release has its own signature, but the files around it (index, withdrawals, feed, catalogue, pages) change. TUF's
metadata (https://theupdateframework.github.io/specification/latest/) in ``published/metadata/`` vouch for it, whose
specification, which others have attacked, covers rollback, freeze, mixed states and a stolen online key:

    1.root.json, ...     which keys vouch for the other files; each root is signed by the keys of the root before
    <n>.targets.json     length and sha256 of the index, the derived files, and SHA256SUMS and attestation of each release
    <n>.snapshot.json    which targets belong together
    timestamp.json       which snapshot is in force, and until when; written last

``roles`` has what all share, ``sign`` makes the metadata, ``rotate`` replaces a root, ``client`` reads as TUF clients do.
"""
