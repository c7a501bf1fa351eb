"""The store, ``published/``: releases that never change, and derived files.

Only ``disk`` changes files there. ``folder`` defines a release folder, ``history`` reads all releases and their chain,
``index`` and ``derived`` maintain derived files, and ``store`` commits. Other packages decide what a release contains and
whether it may be published.
"""
