"""Deploy: create the work pool, the deployments of ``prefect.yaml`` and the automations on the server (PREFECT_API_URL).

Run ``python -m flows.deploy`` again after every change of these files. The pool runs one flow at a time, because
``published/`` has one writer; the store's own lock applies in any case. We do not use Prefect's limits of a deployment: they
are leases that the server keeps in memory, so they would end a long run whose server was restarted. The pool counts runs by
their state.

If the variable of the setting ``alerts.variable`` is set (by default CBRN_DATA_ALERT_URL: a webhook that accepts
``{"text": …}``, such as those of chats), the automations notify it.
The address may be a secret: it is stored in a block, which Prefect encrypts, and is never printed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
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
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

from cbrn_data.cli.running import boundary, encode_output
from cbrn_data.errors import CbrnDataError
from cbrn_data.settings import Settings, read_settings
from flows.server import refused

POOL = "cbrn-data"
AUTOMATIONS = Path(__file__).with_name("automations.yaml")


def make_pool(client: SyncPrefectClient) -> None:
    """Create the pool of local processes, with one run at a time."""
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", concurrency_limit=1))
    client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=1))


def make_deployments(client: SyncPrefectClient) -> list[str]:
    """Let Prefect's own command read ``prefect.yaml``; return the deployments and their schedules."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise CbrnDataError("prefect.yaml: Prefect refuses this file for the reason above")
    found = client.read_deployments(work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])))
    flows = {deployment.flow_id: client.read_flow(deployment.flow_id).name for deployment in found}
    return sorted(f"{flows[deployment.flow_id]}/{deployment.name} {_times(deployment.schedules)}" for deployment in found)


def _times(schedules: list[Any]) -> str:
    times = [f"{entry.schedule.cron} {entry.schedule.timezone}" for entry in schedules if entry.active]
    return f"({'; '.join(times) or 'on request'})"


def keep_alert_address(settings: Settings) -> UUID | None:
    """Store the alert address in a block and return the block's id; None if no address is set."""
    if not (address := settings.alert_address):
        return None
    if not address.startswith(("https://", "http://")):
        raise CbrnDataError(f"{settings.alert_variable} is not the address of a webhook; it must begin with https://")
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


def read_automations(server: str, docs: str | None) -> list[dict[str, Any]]:
    """Return the automations with the addresses of the server's pages and of the documentation, if it has one."""
    night = f"{docs.rstrip('/')}/night.md" if docs else "docs/night.md"
    text = AUTOMATIONS.read_text(encoding="utf-8").replace("SERVER/", f"{server}/").replace(": NIGHT", f": {night}")
    entries: list[dict[str, Any]] = yaml.safe_load(text)["automations"]
    return entries


def server_address() -> str:
    """Return the address of the server's pages: PREFECT_UI_URL, else that of the API without ``/api``."""
    return str(PREFECT_UI_URL.value() or str(PREFECT_API_URL.value()).rstrip("/").removesuffix("/api")).rstrip("/")


def make_automations(client: SyncPrefectClient, block: UUID | None, entries: Sequence[dict[str, Any]]) -> list[str]:
    """Create the automations and return their names; those that notify are created only if ``block`` is given."""
    made = []
    for entry in entries:
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
    """Create everything and print it. Raises CbrnDataError, or an error that ``server.refused`` translates."""
    if not PREFECT_API_URL.value():
        raise CbrnDataError(
            "PREFECT_API_URL is not set; start a server (`prefect server start`), and set the address it prints"
        )
    settings = read_settings()
    with get_client(sync_client=True) as client:
        make_pool(client)
        alert = keep_alert_address(settings)
        deployments = make_deployments(client)
        automations = make_automations(client, alert, read_automations(server_address(), settings.docs_url))
    print(f"Work pool: {POOL}, one run at a time")
    for deployment in deployments:
        print(f"Deployment: {deployment}")
    for automation in automations:
        print(f"Automation: {automation}")
    if alert is None:
        print(f"Releases and failures are not reported: {settings.alert_variable} is not set")


def main() -> None:
    """Deploy; exit with code 2 if that fails."""
    encode_output()
    with boundary(refused):
        deploy()


if __name__ == "__main__":
    main()
