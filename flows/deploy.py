"""Deploy: put the work pool, the deployments of ``prefect.yaml`` and the automations on the server (PREFECT_API_URL).

Run ``python -m flows.deploy`` again after every change of those files: it puts in place what they say. One run of the
pool goes at a time, whoever asked for it, because ``published/`` has one writer; the store's own lock holds in any case.
Where CBRN_DATA_ALERT_URL is set (a webhook that takes ``{"text": …}``, such as those of chats), the automations notify it.
The address may be a secret in itself: it goes into a block, which Prefect stores encrypted, and is printed nowhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect import get_client
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound

POOL = "cbrn-data"
ALERT = "CBRN_DATA_ALERT_URL"
AUTOMATIONS = Path(__file__).with_name("automations.yaml")


def make_pool(client: SyncPrefectClient) -> None:
    """Make the pool of local processes, in which one run goes at a time."""
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", concurrency_limit=1))
    client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=1))


def make_deployments() -> None:
    """Let Prefect's own command read ``prefect.yaml``. Raises CalledProcessError where it refuses."""
    subprocess.run([sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"], check=True)


def keep_alert_address() -> UUID | None:
    """Put the address that is to be told into a block, and return its id; None where there is no address."""
    if not (address := os.environ.get(ALERT)):
        return None
    block = CustomWebhookNotificationBlock(
        name="cbrn-data", url="{{address}}", json_data={"text": "{{subject}}\n{{body}}"}, secrets={"address": address}
    )
    found = block.save("cbrn-data-alert", overwrite=True)
    return UUID(str(found))


def make_automations(client: SyncPrefectClient, block: UUID | None) -> list[str]:
    """Put the automations in place, those that notify only where somebody is to be told; return their names."""
    made = []
    for entry in yaml.safe_load(AUTOMATIONS.read_text(encoding="utf-8"))["automations"]:
        for old in client.request("POST", "/automations/filter", json=_named(entry["name"])).json():
            client.request("DELETE", "/automations/{id}", path_params={"id": old["id"]})
        notifies = [action for action in entry["actions"] if action["type"] == "send-notification"]
        if notifies and block is None:
            continue
        for action in notifies:
            action["block_document_id"] = str(block)
        automation = AutomationCore.model_validate(entry).model_dump(mode="json")
        client.request("POST", "/automations/", json=automation)
        made.append(entry["name"])
    return made


def _named(name: str) -> dict[str, Any]:
    return {"automations": {"name": {"any_": [name]}}}


def main() -> None:
    """Put everything in place and say what."""
    with get_client(sync_client=True) as client:
        make_pool(client)
        make_deployments()
        made = make_automations(client, keep_alert_address())
    print(f"Work pool {POOL!r}: one run at a time.")
    print(f"Automations: {', '.join(made)}.")
    if len(made) < 2:
        print(f"Nobody is told of releases and failures: {ALERT} is not set.")


if __name__ == "__main__":
    main()
