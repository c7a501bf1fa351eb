"""Copies of ``published/`` elsewhere: a store behind any address, for readers who start at its ``releases.json``.

``contents`` says what is copied and in which order, ``place`` and ``s3`` are where it goes and ``target`` how it is
named, ``lease`` keeps two pushes apart, and ``push`` does it. Nothing here changes the local store; what a release is, is
decided elsewhere.
"""
