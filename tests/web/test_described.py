"""The description is whole, and what the API answers is what the description says (schemathesis)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.web.in_memory import Office, content

from interlock.web.described import operations

PROBLEM = "application/problem+json"
FEW = 8  # examples of each operation
A_WHILE = timedelta(seconds=1)


async def test_every_operation_is_described(browser: httpx.AsyncClient) -> None:
    document = (await browser.get("/api/openapi.json")).json()
    ids: Counter[str] = Counter()
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        ids[operation["operationId"]] += 1
        assert operation["summary"], where
        assert operation.get("description"), where
        assert operation["responses"], where
        if path == "/healthz":
            continue
        for status, response in operation["responses"].items():
            if status[0] in "45":
                assert list(response["content"]) == [PROBLEM], f"{where} {status}"
    assert max(ids.values()) == 1, ids


def an_office() -> Office:
    """One with a review in it; its clock goes on with every request, so that nobody is too fast."""
    office = Office()
    office.desk.open(content())
    return office


OFFICE = an_office()
schema = schemathesis.openapi.from_asgi("/api/openapi.json", OFFICE.app).exclude(path="/api/events")


@pytest.mark.parametrize("token", ["priya-key", "agent-key", "operator-token"])
@schema.parametrize()
@settings(max_examples=FEW, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_answer_is_a_fault_or_outside_its_description(case: Any, token: str) -> None:
    OFFICE.clock.pass_time(A_WHILE)
    answer = case.call(headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code != 500, answer.text
    case.validate_response(
        answer,
        checks=[
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )
