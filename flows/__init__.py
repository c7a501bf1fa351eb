"""Prefect flows that call the library. They contain no rule and know no column.

Prefect reads its settings from the environment at import, so this module sets them first: no telemetry, enough time for
Prefect's own server to start on a busy machine, and events stored twice a second (see ``local``).
"""

import os

from cbrn_data.garbage import collect_rarely

collect_rarely()
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
os.environ.setdefault("PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL", "0.5")
