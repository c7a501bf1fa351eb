"""Copy ``published/`` to another address, for readers who start at its ``releases.json``.

``contents`` lists the files and their order, ``place`` and ``s3`` are the kinds of target, ``lease``
separates two pushes, and ``push`` finds the place of an address and copies. This package does not change the local store.
"""
