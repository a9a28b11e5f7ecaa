"""The API's description (OpenAPI 3.1), finished: every operation tells its refusals as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from interlock.web.allowed import CALLERS, CallerKind
from interlock.web.problems import PROBLEM_JSON

TOLD = {"$ref": "#/components/schemas/Told"}
_SAID = {
    "400": "The request couldn't be understood",
    "401": "No credential, or one that isn't accepted",
    "403": "A caller who may not do this",
    "404": "There is nothing there, or nothing that this caller may see",
    "408": "The body took too long",
    "409": "It has moved on, or was asked already under this Idempotency-Key",
    "413": "The body is too large",
    "422": "Not of the form that this address takes",
    "429": "Too fast; see Retry-After",
    "500": "A fault of the gateway's",
    "503": "Not now; see Retry-After",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same caller, key and request within a day get the same answer",
    "schema": {"type": "string", "pattern": r'^("[!#-\[\]-~]{1,128}"|[A-Za-z0-9_.:~-]{1,128})$'},
}


def describe(app: FastAPI) -> None:
    """Makes `app.openapi` give the finished description."""
    plain = app.openapi

    def finished() -> dict[str, Any]:
        if app.openapi_schema is None:
            finish(plain())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = finished  # type: ignore[method-assign]  # the documented way to extend it


def operation_id(route: APIRoute) -> str:
    """An operation's id: its function's name. A test sees to it that no two are the same."""
    return route.name


def finish(document: dict[str, Any]) -> None:
    """Completes the operations of a description, in place."""
    for path, method, operation in operations(document):
        _complete(path, method, operation)
    schemas = document.get("components", {}).get("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    for status in _usual(path, method, operation):
        responses.setdefault(status, {"description": _SAID[status]})
    for status, response in responses.items():
        if status[0] in "45" and not path.startswith("/healthz"):
            content = response.get("content", {}).get("application/json", {})
            schema = content.get("schema", TOLD)
            if "HTTPValidationError" in str(schema):
                schema = TOLD
            if schema != TOLD:  # a problem with members of its own; the usual ones come under the same status
                schema = {"anyOf": [schema, TOLD]}
            response["content"] = {PROBLEM_JSON: {"schema": schema}}
            response["description"] = _SAID.get(status, response["description"])
    if method == "post" and path.startswith("/api/") and operation.get(CALLERS) != [CallerKind.ANYONE.value]:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)


def _usual(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    """What any operation of its kind may answer."""
    if path.startswith("/healthz"):
        return
    yield from ("400", "500", "503")
    if operation.get(CALLERS) != [CallerKind.ANYONE.value]:
        yield from ("401", "403", "429")
    if method not in ("get", "head"):
        yield from ("408", "409", "413")
    if operation.get("parameters") or operation.get("requestBody") or method == "post":
        yield "422"
    if "{" in path:
        yield "404"
