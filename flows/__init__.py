"""Prefect flows that call the library. They contain no rule and know no column.

Prefect reads its settings from the environment at import, so this module sets them first: no telemetry, and enough time for
the embedded server to start on a busy machine.
"""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
