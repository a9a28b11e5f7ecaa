"""The reference server's tools that need something of the client first (2026-07-28, multi-round-trip requests)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext

Context = ServerRequestContext[Any]
Object = dict[str, Any]
Params = types.CallToolRequestParams | types.GetPromptRequestParams
Call = Callable[[Context, Any], Awaitable[Object]]

NAME = {"name": {"type": "string"}}
STATE = "round-1"


def elicit(message: str, properties: Mapping[str, Any]) -> Object:
    """A form to be filled in."""
    schema = {"type": "object", "properties": dict(properties), "required": sorted(properties)}
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sample(said: str, tokens: int) -> Object:
    """Something for a model."""
    message = {"role": "user", "content": {"type": "text", "text": said}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": tokens}}


ROOTS: Object = {"method": "roots/list", "params": {}}


def needs(requests: Mapping[str, Object], state: str | None = None) -> Object:
    """A result that asks for these."""
    asked: Object = {"resultType": "input_required", "inputRequests": dict(requests)}
    return asked if state is None else {**asked, "requestState": state}


def elicitation(forms: Mapping[str, tuple[str, Mapping[str, Any]]], state: str | None = None) -> Object:
    """A result that asks for these forms."""
    return needs({key: elicit(*form) for key, form in forms.items()}, state)


def _done(said: str) -> Object:
    return {"content": [{"type": "text", "text": said}]}


def _answered(params: Params, *keys: str) -> bool:
    return all(key in (params.input_responses or {}) for key in keys)


def _filled(params: Params, key: str, name: str) -> object:
    """What stands in a form's field, or None where the answer isn't an accepted form with it."""
    answer = (params.input_responses or {}).get(key)
    if not isinstance(answer, types.ElicitResult) or answer.action != "accept":
        return None
    return (answer.content or {}).get(name)


async def _elicitation(_: Context, params: types.CallToolRequestParams) -> Object:
    name = _filled(params, "user_name", "name")
    return (
        _done(f"Hello, {name}!") if isinstance(name, str) else elicitation({"user_name": ("What is your name?", NAME)})
    )


async def _sampling(_: Context, params: types.CallToolRequestParams) -> Object:
    answer = (params.input_responses or {}).get("capital_question")
    if isinstance(answer, types.CreateMessageResult | types.CreateMessageResultWithTools):
        return _done(f"The model says: {answer.content}")
    return needs({"capital_question": sample("What is the capital of France?", 100)})


async def _roots(_: Context, params: types.CallToolRequestParams) -> Object:
    answer = (params.input_responses or {}).get("client_roots")
    if isinstance(answer, types.ListRootsResult):
        return _done("Roots: " + ", ".join(str(root.uri) for root in answer.roots))
    return needs({"client_roots": ROOTS})


async def _state(_: Context, params: types.CallToolRequestParams) -> Object:
    if _answered(params, "confirm") and params.request_state == STATE:
        return _done("state-ok")
    return elicitation({"confirm": ("Please confirm", {"ok": {"type": "boolean"}})}, STATE)


async def _several(_: Context, params: types.CallToolRequestParams) -> Object:
    if _answered(params, "user_name", "greeting", "client_roots") and params.request_state == STATE:
        return _done("All of it is here.")
    forms = {"user_name": elicit("What is your name?", NAME), "greeting": sample("Generate a greeting", 50)}
    return needs({**forms, "client_roots": ROOTS}, STATE)


async def _rounds(_: Context, params: types.CallToolRequestParams) -> Object:
    if params.request_state == "round-2" and _answered(params, "step2"):
        return _done("Both steps are done.")
    if params.request_state == STATE and _answered(params, "step1"):
        colour = {"color": {"type": "string"}}
        return elicitation({"step2": ("Step 2: What is your favorite color?", colour)}, "round-2")
    return elicitation({"step1": ("Step 1: What is your name?", NAME)}, STATE)


async def _as_able(ctx: Context, params: types.CallToolRequestParams) -> Object:
    able = ctx.session.client_capabilities
    wanted = {
        "elicitation": ("user_name", elicit("What is your name?", NAME)),
        "sampling": ("greeting", sample("Generate a greeting", 50)),
        "roots": ("client_roots", ROOTS),
    }
    can = {name: asked for name, asked in wanted.items() if able is not None and getattr(able, name) is not None}
    if not can or _answered(params, *(key for key, _ in can.values())):
        return _done("Nothing more is needed.")
    return needs(dict(can.values()))


CALLS: Mapping[str, Call] = {
    "test_input_required_result_elicitation": _elicitation,
    "test_input_required_result_sampling": _sampling,
    "test_input_required_result_list_roots": _roots,
    "test_input_required_result_request_state": _state,
    "test_input_required_result_tampered_state": _state,
    "test_input_required_result_multiple_inputs": _several,
    "test_input_required_result_multi_round": _rounds,
    "test_input_required_result_capabilities": _as_able,
}


async def prompt(_: Context, params: types.GetPromptRequestParams) -> Object:
    """The prompt that needs to know its context first."""
    told = _filled(params, "user_context", "context")
    if not isinstance(told, str):
        context = {"context": {"type": "string"}}
        return elicitation({"user_context": ("What context should the prompt use?", context)})
    return {"messages": [{"role": "user", "content": {"type": "text", "text": f"Use this context: {told}"}}]}
