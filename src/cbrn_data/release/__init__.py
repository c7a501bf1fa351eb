"""Release: tables become one immutable, versioned folder under ``published/releases/``.

``disk`` is the one place that changes files there, ``folder`` says what a release folder is, ``index`` and
``derived`` keep what follows from the releases, and ``store`` commits. Which bytes a release holds, and whether
they may be published, is decided by the other modules of this room.
"""
