"""A whole gateway, `interlock serve`: settings, pinned tools and policies of an access connection, asked over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.an_installation import installation
from tests.web.access.a_guarded_pipeline import SCHEMA, asked, denial_of, with_approval

POLICY = """
@id("agents-roll-out")
permit (principal in Interlock::Group::"ai-agents", action == Interlock::Action::"tool:deploy/rollout",
        resource in Interlock::Connection::"deploy");
@id("rollouts-are-signed") @review("security:1") @because("A rollout needs a second person.")
forbid (principal, action == Interlock::Action::"tool:deploy/rollout", resource)
when { context.enforced_by == "caller" && !context.opaque };
"""


def test_asked_signed_and_used_across_a_restart(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        tools = {"connection": "deploy", "tools": [{"name": "rollout", "inputSchema": SCHEMA}]}
        (here.directory / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
        here.policy.write_text(POLICY, encoding="utf-8")
        settings = here.settings.read_text(encoding="utf-8").replace("[policy]", '[policy]\ntools = ["tools.json"]')
        here.settings.write_text(settings + "\n[access.deploy]\n", encoding="utf-8")

        def call(method: str, path: str, body: Any = None) -> Any:
            headers = {"Authorization": f"Bearer {here.key('etl')}", "Idempotency-Key": "k"}
            answer = here.call(method, path, headers, body)
            assert answer.is_success, answer.text
            return answer.json()

        with here.serving():
            accept = here.call("POST", "/api/people/me/wards/etl/accept", here.console("dana"), {})
            assert accept.is_success, accept.text
            where = call("GET", "/.well-known/authzen-configuration")
            assert where["policy_decision_point"] == here.url
            denied = call("POST", "/access/v1/evaluation", asked())
            task = call("POST", "/access/v1/requests", {**asked(), "denial": denial_of(denied)})["task"]
        with here.serving():  # the same key signs after a restart, and the review is there
            assert call("GET", f"/access/v1/requests/{task['id']}")["task"]["status"] == "pending"
            voted = here.vote(task["id"], "remy")
            assert voted.is_success, voted.text
            again = with_approval(asked(), task["id"])
            assert call("POST", "/access/v1/evaluation", again)["decision"] is True
            assert call("POST", "/access/v1/evaluation", again)["decision"] is False
