"""What is on the disk under ``published/``: releases that never change, and files derived from them.

``disk`` is the one place that changes files there, ``folder`` says what a release folder is, ``history`` reads all of
them and their chain, ``index`` and ``derived`` keep what follows from the releases, and ``store`` commits. What a
release holds, and whether it may be published, is decided elsewhere.
"""
