"""The tools as clients are shown them: for language models, so short and exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.doors.mcp.seams import Object
from interlock.model.review import ReviewState

RUN_SQL, CONNECTIONS = "run_sql", "connections"
MY_REVIEWS, WHY, AWAIT, CANCEL = "my_reviews", "why", "await_approval", "cancel"

MOST_SQL: Final = 200_000  # characters of one call
MOST_REASON: Final = 1_000  # as interlock.reason takes them
USUAL_ROWS: Final = 200
MOST_ROWS: Final = 10_000
LONGEST_WAIT: Final = 3_600  # seconds that may be asked for; the server's own bound is far below
MOST_LISTED: Final = 100
USUAL_LISTED: Final = 20

_READS: Final = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
_WRITES: Final = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": False}
_TAKES_BACK: Final = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}

_ID: Final[Object] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "description": "The approval_id that a held call was answered with.",
}
_ROWS: Final[Object] = {
    "type": "integer",
    "minimum": 1,
    "maximum": MOST_ROWS,
    "default": USUAL_ROWS,
    "description": "Most rows to return, over all statements. More are counted, not returned.",
}
_SECONDS: Final[Object] = {
    "type": "integer",
    "minimum": 0,
    "maximum": LONGEST_WAIT,
    "description": "Longest wait for people's approval in seconds; the server may answer sooner. 0: don't wait.",
}
_CELL: Final[Object] = {"description": "A JSON value where that is exact, else PostgreSQL's text."}
_RESULT: Final[Object] = {
    "type": "object",
    "properties": {
        "command": {"type": "string", "description": "As PostgreSQL tells it, e.g. SELECT 3 or UPDATE 1."},
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
                "required": ["name", "type"],
            },
        },
        "rows": {"type": "array", "items": {"type": "array", "items": _CELL}},
        "row_count": {"type": "integer", "minimum": 0, "description": "All rows, also those not returned."},
        "truncated": {"type": "boolean", "description": "Whether rows are missing from `rows`."},
    },
    "required": ["command", "columns", "rows", "row_count", "truncated"],
}
_TEXTS: Final[Object] = {"type": "array", "items": {"type": "string"}}
_OUTPUT: Final[Object] = {
    "type": "object",
    "properties": {
        "results": {"type": "array", "items": _RESULT, "description": "One for each statement, in order."},
        "masked": {**_TEXTS, "description": "Labels of values that were replaced by masks."},
        "notices": _TEXTS,
        "interlock": {"type": "object", "description": "Only where it didn't simply run: status, code, approval_id."},
    },
}
_REVIEW: Final[Object] = {
    "type": "object",
    "properties": {
        "approval_id": {"type": "string"},
        "connection": {"type": "string"},
        "status": {"type": "string", "enum": [state.value for state in ReviewState]},
        "labels": _TEXTS,
        "reasons": _TEXTS,
        "runs_by_itself": {"type": "boolean"},
        "opened_at": {"type": "string"},
        "expires_at": {"type": "string"},
        "approved_until": {"type": "string"},
    },
    "required": ["approval_id", "connection", "status", "labels", "reasons", "runs_by_itself", "opened_at"],
}
_WHY: Final[Object] = {
    "type": "object",
    "properties": {
        **_REVIEW["properties"],
        "code": {"type": "string"},
        "sentence": {"type": "string"},
        "next": {"type": "string"},
        "questions": _TEXTS,
    },
    "required": ["approval_id", "status", "code", "sentence", "next"],
}


def _tool(
    name: str,
    title: str,
    description: str,
    properties: Mapping[str, Object],
    required: tuple[str, ...],
    output: Object,
    hints: Object,
) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return {
        "name": name,
        "title": title,
        "description": description,
        "inputSchema": schema,
        "outputSchema": output,
        "annotations": {"title": title, **hints},
    }


DEFINITIONS: Final[tuple[Object, ...]] = (
    _tool(
        RUN_SQL,
        "Run SQL",
        "Runs PostgreSQL SQL on a guarded database and returns the rows. Values that are protected come masked. Some"
        " statements need people's approval: then this waits for a short time and otherwise returns an approval_id;"
        " the approved statement is run for you, and await_approval returns its result. Each call is a session of its"
        " own: put a transaction into one call, e.g."
        ' {"connection": "clinic", "sql": "BEGIN; UPDATE wards SET beds = 12 WHERE id = 3; COMMIT",'
        ' "reason": "ward 3 has a new bed"}. No COPY: use SELECT or INSERT.'
        ' Example: {"connection": "clinic", "sql": "SELECT id, title FROM wards ORDER BY id LIMIT 20"}.',
        {
            "connection": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "description": "One of those that the tool connections lists.",
            },
            "sql": {
                "type": "string",
                "minLength": 1,
                "maxLength": MOST_SQL,
                "description": "One or more statements. Values stand in the text; there are no parameters.",
            },
            "reason": {
                "type": "string",
                "maxLength": MOST_REASON,
                "description": "Why, for the people who decide. No patient or personal data.",
            },
            "ticket": {
                "type": "string",
                "pattern": "^[A-Za-z0-9._/#-]{2,64}$",
                "description": "A ticket's id, where policy wants one, e.g. CHG-1234.",
            },
            "wait_seconds": _SECONDS,
            "max_rows": _ROWS,
        },
        ("connection", "sql"),
        _OUTPUT,
        _WRITES,
    ),
    _tool(
        CONNECTIONS,
        "List databases",
        "Lists the guarded databases that run_sql can be used on. Takes no arguments.",
        {},
        (),
        {
            "type": "object",
            "properties": {
                "connections": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "kind": {"type": "string"},
                            "environment": {"type": "string"},
                        },
                        "required": ["name", "kind", "environment"],
                    },
                }
            },
            "required": ["connections"],
        },
        _READS,
    ),
    _tool(
        MY_REVIEWS,
        "List my requests",
        "Lists your own requests that people were asked about, newest first, and how each stands."
        ' Example: {"state": "pending"}.',
        {
            "state": {"type": "string", "enum": [state.value for state in ReviewState]},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": USUAL_LISTED},
        },
        (),
        {
            "type": "object",
            "properties": {"reviews": {"type": "array", "items": _REVIEW}},
            "required": ["reviews"],
        },
        _READS,
    ),
    _tool(
        WHY,
        "Explain a request",
        "Says why one of your requests was held or refused, how it stands and what you can do next."
        ' Example: {"id": "01a2b3c4-..."}.',
        {
            "id": {
                "type": "string",
                "minLength": 1,
                "maxLength": 64,
                "description": "An approval_id, or the id of the action that was held.",
            }
        },
        ("id",),
        _WHY,
        _READS,
    ),
    _tool(
        AWAIT,
        "Wait for an approval",
        "Waits until people have settled one of your held requests, and returns what the run gave, masked, once it has"
        " run. It approves nothing. Results are kept for 24 hours and can be asked for again."
        ' Example: {"approval_id": "01a2b3c4-...", "seconds": 30}.',
        {"approval_id": _ID, "seconds": _SECONDS, "max_rows": _ROWS},
        ("approval_id",),
        _OUTPUT,
        _READS,
    ),
    _tool(
        CANCEL,
        "Take a request back",
        "Withdraws one of your own held requests, so that it won't run. What runs already isn't stopped."
        ' Example: {"approval_id": "01a2b3c4-..."}.',
        {"approval_id": _ID},
        ("approval_id",),
        {
            "type": "object",
            "properties": {"approval_id": {"type": "string"}, "status": {"type": "string"}},
            "required": ["approval_id", "status"],
        },
        _TAKES_BACK,
    ),
)
"""What tools/list tells of them."""

SCHEMAS: Final[Mapping[str, Object]] = {str(each["name"]): each["inputSchema"] for each in DEFINITIONS}
"""By the tool's name, what arguments it takes."""
