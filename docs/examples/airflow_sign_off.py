"""An Airflow task that waits for people to sign; nothing but the standard library.

    @task(execution_timeout=timedelta(hours=3))
    def sign_off(run_id: str) -> None:
        asked = {
            "subject": {"type": "service", "id": "nightly"},
            "action": {"name": "load"},
            "resource": {"type": "warehouse", "id": "claims"},
            "context": {"environment": "production", "reason": f"DAG run {run_id}"},
        }
        wait_for_sign_off(asked, url=Variable.get("INTERLOCK_URL"), token=Variable.get("INTERLOCK_TOKEN"))

    sign_off(run_id="{{ run_id }}") >> load()

An approval is used up by the evaluation that ends the wait: the next task does it. A retry before that joins the review
that was asked for.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

LOOKS = 300  # of 30 s each
AWAY_SECONDS = 5  # between looks while the gateway can't be reached


class NotSignedOff(Exception):
    """It may not be done: policy or people said no, or nobody answered."""


def wait_for_sign_off(asked: dict[str, Any], *, url: str, token: str) -> None:
    """Returns once `asked` may be done, once; raises `NotSignedOff`."""
    key = str(uuid.uuid4())

    def call(method: str, address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url + address, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            raise NotSignedOff(error.read().decode()) from None

    told = call("POST", "/access/v1/evaluation", asked)
    if told["decision"]:
        return
    request = told["context"].get("access_request")
    if request is None:
        raise NotSignedOff(told["context"]["reason"])
    denial = {name: request[name] for name in ("binding_token", "expires_at")}
    answer = call("POST", "/access/v1/requests", {**asked, "denial": denial})
    for _ in range(LOOKS):
        if answer["task"]["status"] != "pending":
            break
        try:
            answer = call("GET", f"/access/v1/requests/{answer['task']['id']}?wait=30")
        except urllib.error.URLError:
            time.sleep(AWAY_SECONDS)
    if answer["task"]["status"] != "approved":
        raise NotSignedOff(answer["task"]["status"])
    signed = {**asked, "context": {**asked.get("context", {}), "approval": answer["result"]["approval"]}}
    told = call("POST", "/access/v1/evaluation", signed)
    if not told["decision"]:
        raise NotSignedOff(told["context"]["reason"])
