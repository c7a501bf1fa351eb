"""Deploy: put the work pool, the deployments of ``prefect.yaml`` and the automations on the server (PREFECT_API_URL).

Run ``python -m flows.deploy`` again after every change of those files: it puts in place what they say. One run of the
pool goes at a time, whoever asked for it, because ``published/`` has one writer; the store's own lock holds in any case.
Prefect's limits of a deployment would end a long run whose server was started again meanwhile: they are leases, which the
server keeps in memory. A place in the pool is held by the state of its run, and given back when that ends.

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
from prefect.blocks.fields import SecretDict
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import WorkPoolFilter, WorkPoolFilterName
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from cbrn_data.cli import boundary, encode_output
from cbrn_data.errors import CbrnDataError
from flows.server import refused

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


def make_deployments(client: SyncPrefectClient) -> list[str]:
    """Let Prefect's own command read ``prefect.yaml``; return what is deployed, and when it runs by itself."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise CbrnDataError("prefect.yaml: Prefect refuses what is described there; its reason stands above")
    found = client.read_deployments(work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])))
    flows = {deployment.flow_id: client.read_flow(deployment.flow_id).name for deployment in found}
    return sorted(f"{flows[deployment.flow_id]}/{deployment.name} {_times(deployment.schedules)}" for deployment in found)


def _times(schedules: list[Any]) -> str:
    times = [f"{entry.schedule.cron} {entry.schedule.timezone}" for entry in schedules if entry.active]
    return f"({'; '.join(times) or 'when asked'})"


def keep_alert_address() -> UUID | None:
    """Put the address that is to be told into a block, and return its id; None where there is no address."""
    if not (address := os.environ.get(ALERT)):
        return None
    if not address.startswith(("https://", "http://")):
        raise CbrnDataError(f"{ALERT} is no address of a webhook; it begins with https://")
    block = CustomWebhookNotificationBlock(
        name="cbrn-data",
        url="{{address}}",
        json_data={"text": "{{subject}}\n{{body}}"},
        headers=None,
        cookies=None,
        secrets=SecretDict({"address": address}),
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


def deploy() -> None:
    """Put everything in place and say what. Raises CbrnDataError, or what ``server.refused`` has words for."""
    if not PREFECT_API_URL.value():
        raise CbrnDataError("PREFECT_API_URL is not set; start a server (`prefect server start`), and name it as it says")
    with get_client(sync_client=True) as client:
        make_pool(client)
        alert = keep_alert_address()
        deployments = make_deployments(client)
        automations = make_automations(client, alert)
    print(f"Work pool: {POOL}, one run at a time")
    for deployment in deployments:
        print(f"Deployment: {deployment}")
    for automation in automations:
        print(f"Automation: {automation}")
    if alert is None:
        print(f"Nobody is told of releases and failures: {ALERT} is not set")


def main() -> None:
    """Deploy, and end with 2 where that cannot be done."""
    encode_output()
    with boundary(refused):
        deploy()


if __name__ == "__main__":
    main()
