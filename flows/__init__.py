"""Prefect flows over the library's functions: wiring only, no rule and no column is known here.

Prefect reads its settings from the environment when it is imported, so what these flows need stands before that: nothing
calls home, and the embedded server may take its time to start on a busy machine.
"""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
