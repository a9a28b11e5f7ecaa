"""Nothing of anybody's leaves in what a server sends, whatever it puts it into. With the gateway's own engines."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.an_engine import looking
from tests.an_office import CONNECTION

from interlock.doors.detection import Detection
from interlock.doors.mcp import masks as masks_file
from interlock.doors.mcp.inward import Meant
from interlock.doors.mcp.masks import LEFT_OUT, NOT_VALID, STAND_INS, BlindMasks, ResultMasks
from interlock.doors.mcp.seams import McpRefused
from interlock.masking.pseudonyms import Pseudonyms
from interlock.model.actor import Actor, ActorKind
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.model.names import ActorId, KeyId, PersonId
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal
from interlock.model.secret import Secret
from interlock.model.tool import Tool
from interlock.sensitivity.regime import Regime

PLAIN = replace(CONNECTION, tags=frozenset())
CANARY = "Maria Delgado, SSN 402-19-8877"
BLOB = base64.b64encode(CANARY.encode()).decode()
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\xff\xfe").decode()
NONE = Obligations()


def of(*labels: str) -> frozenset[Label]:
    return frozenset(map(Label, labels))


def actor(name: str) -> Actor:
    person = PersonId("o")
    return Actor(ActorKind.AGENT, ActorId(name), frozenset(), person, KeyId("k"), person, person)


ETL = actor("etl")
PSEUDONYMS = Pseudonyms(Secret(b"S" * 32))


def masks(profile: str = "", **more: Any) -> ResultMasks:
    return ResultMasks(looking(Regime.PHI, profile), PLAIN, PSEUDONYMS, **more)


def tool(
    fields: Mapping[str, str] | None = None, labels: Sequence[str] = (), schema: Mapping[str, Any] | None = None
) -> Tool:
    told = {path: Label(label) for path, label in (fields or {}).items()}
    all_ = of(*labels) | frozenset(told.values())
    return Tool(CONNECTION.name, "find", fields=told, labels=all_, output_schema=schema or {})


def texts(result: Mapping[str, Any]) -> list[str]:
    return [each["text"] for each in result["content"] if each["type"] == "text"]


# -- canaries ---------------------------------------------------------------------------------------------------------

C = CANARY
ANNOTATIONS = {"audience": [C], "priority": 0.5, "lastModified": "1980-03-14", "x": C}
BLOCKS: list[Any] = [
    {"type": "text", "text": C, "annotations": ANNOTATIONS, "_meta": {C: C}, "x": C},
    {"type": "text", "text": json.dumps({"a": [C, {C: 4}], "ssn": 402198877, "b": json.dumps({"c": C})})},
    {"type": "image", "data": BLOB, "mimeType": "image/svg+xml", "annotations": ANNOTATIONS},
    {"type": "image", "data": C, "mimeType": "image/png"},
    {"type": "audio", "data": PNG, "mimeType": C},
    {"type": "resource", "resource": {"uri": f"file:///{C}", "mimeType": C, "text": C, "_meta": {"x": C}, "x": C}},
    {"type": "resource", "resource": {"uri": "file:///x", "mimeType": "image/png", "blob": BLOB}},
    {"type": "resource", "resource": {"uri": "file:///x", "mimeType": "text/plain", "blob": f"*{C}*"}},
    {"type": "resource", "resource": C},
    {
        "type": "resource_link",
        "uri": f"file:///{C}",
        "name": C,
        "title": C,
        "description": C,
        "mimeType": C,
        "icons": [C],
    },
    {"type": C, "text": C},
    {"type": "tool_use", "id": C, "name": "x", "input": {}},
    {"type": "tool_use", "id": "1", "name": "x", "input": {"a": C, C: 1}},
    {"type": "tool_result", "toolUseId": "1", "content": [{"type": "text", "text": C}], "structuredContent": {"a": C}},
    C,
    None,
    {},
]
META = {"io.modelcontextprotocol/serverInfo": {"name": C}, "io.modelcontextprotocol/subscriptionId": C, "x": C}
SCHEMA = {"type": "object", "title": C, "properties": {"a": {"description": C, "enum": [C], "default": C}, C: {}}}
SAMPLING = {
    "messages": [{"role": "user", "content": each} for each in BLOCKS] + [{"role": C, "content": BLOCKS[0]}],
    "systemPrompt": C,
    "stopSequences": [C],
    "metadata": {"x": C},
    "modelPreferences": {"hints": [{"name": C}]},
    "tools": [{"name": C, "description": C, "inputSchema": SCHEMA}],
    "maxTokens": 5,
    C: C,
    "_meta": META,
}
ELICITATION = {"message": C, "requestedSchema": SCHEMA, "mode": "form", C: C}
INPUTS = {
    C: {"method": "elicitation/create", "params": ELICITATION},
    "a": {"method": "sampling/createMessage", "params": SAMPLING},
    "b": {"method": C, "params": {}},
    "c": C,
}
RESULTS: dict[str, Any] = {
    "content": {"content": BLOCKS, "_meta": META, "x": C, "isError": True, "resultType": C, "cacheScope": C},
    "structured": {
        "content": [],
        "structuredContent": {"a": [C, {"b": C}], C: 1, "ssn": 402198877, "c": {C: {"d": 1}}},
    },
    "a text": {"content": [], "structuredContent": C},
    "inputs": {"resultType": "input_required", "inputRequests": INPUTS, "requestState": C},
    "contents": {
        "contents": [
            {"uri": f"file:///{C}", "text": C, "mimeType": C, "_meta": {"x": C}},
            {"uri": "x", "blob": BLOB, "mimeType": "application/json"},
            {"uri": "x", "blob": C},
            {"uri": C, "blob": PNG, "mimeType": C},
            {"text": C},
            C,
        ],
        "_meta": META,
        "ttlMs": C,
    },
    "messages": {
        "description": C,
        "messages": [{"role": "user", "content": each} for each in BLOCKS] + [{"role": C, "content": C}, C],
    },
    "completion": {"completion": {"values": [C, 5, "ok"], "total": C, "hasMore": C, "x": C}, "x": C},
}
LISTED = {
    "uri": f"file:///{C}",
    "name": C,
    "title": C,
    "description": C,
    "mimeType": C,
    "annotations": ANNOTATIONS,
    "icons": [C],
}
FINE = {"uri": "file:///notes", "uriTemplate": "notes/{id}", "name": "notes", "title": C, "description": C, "size": 5}
PARAMS: dict[str, Any] = {
    "resources/list": {"resources": [LISTED, FINE, C], "nextCursor": C, "_meta": META, "x": C},
    "resources/templates/list": {"resourceTemplates": [{"uriTemplate": C, "name": C}, FINE], "x": C},
    "prompts/list": {
        "prompts": [{"name": C}, {**FINE, "arguments": [{"name": C}, {"name": "a", "description": C}, C]}]
    },
    "sampling/createMessage": SAMPLING,
    "elicitation/create": ELICITATION,
    "elicitation/create by url": {"mode": "url", "message": C, "url": f"https://x.invalid/{C}", "elicitationId": C},
    "notifications/message": {"level": "info", "logger": C, "data": {"a": C, C: C}, C: C, "_meta": META},
    "notifications/progress": {"progressToken": 1, "progress": 1, "total": 2, "message": C, C: C},
    "notifications/resources/updated": {"uri": f"file:///{C}", "title": C},
    "notifications/elicitation/complete": {"elicitationId": C},
    "something/else": {"message": C, "x": C},
}


def opened(value: Any) -> str:
    """All of it as text, with what stands in base64."""
    found = [json.dumps(value, ensure_ascii=False)]
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            stack += [*node, *node.values()]
        elif isinstance(node, list):
            stack += node
        elif isinstance(node, str):
            try:
                found.append(base64.b64decode(node, validate=True).decode("latin-1"))
            except ValueError:
                continue
    return "\n".join(found).lower()


def clear(value: Any, *, dates: bool = True) -> bool:
    told = opened(value)
    return not any(canary in told for canary in ("maria", "delgado", "402-19", "8877", *(("1980",) if dates else ())))


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("mapped", [None, tool(), tool({"result.x": "phi.mrn"})], ids=["unpinned", "plain", "labelled"])
@pytest.mark.parametrize("blind", [False, True])
async def test_no_canary_in_any_field_of_a_result(name: str, mapped: Tool | None, *, blind: bool) -> None:
    held = BlindMasks(looking(Regime.PHI), PLAIN) if blind else masks()
    masked = await held.result(mapped, RESULTS[name], NONE, {})
    assert clear(masked.result), masked.result
    assert masked.counts or mapped is not None or name == "inputs"


@pytest.mark.parametrize("method", PARAMS)
@pytest.mark.parametrize("profile", ["", "safe_harbor", "internal", "prompt_guard"])
async def test_no_canary_in_what_a_server_says_by_itself(method: str, profile: str) -> None:
    method_, _, _ = method.partition(" by ")
    told = await masks(profile).params(method_, PARAMS[method])
    assert clear(told, dates=profile != "internal"), told  # which keeps them


async def test_no_canary_in_errors_and_texts() -> None:
    held = masks()
    refused = await held.error(McpRefused(-32602, C, {"who": C, C: [C]}))
    assert refused.code == -32602 and clear([refused.message, refused.data])
    other = await held.error(McpRefused(-5, "no", None))  # a number may stand for anything
    assert (other.code, other.data) == (-32000, None)
    assert clear(await held.text(C)) and await held.text("Use list_notes first.") == "Use list_notes first."


# -- what passes ------------------------------------------------------------------------------------------------------


async def test_what_holds_nothing_passes_as_it_came() -> None:
    block = {
        "type": "text",
        "text": '{ "status":"open",\n "n": 1.50 }',
        "annotations": {"audience": ["user"], "priority": 1},
    }
    result = {
        "content": [block, {"type": "image", "data": PNG, "mimeType": "image/png"}],
        "structuredContent": {"status": "open", "n": 1.5, "ok": True, "none": None},
        "isError": False,
        "resultType": "complete",
    }
    assert (await masks().result(tool(), result, NONE, {})).result == result


async def test_media_pass_only_where_nothing_is_labelled() -> None:
    given = {"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}]}
    labelled = await masks().result(tool(labels=["phi.mrn"]), given, NONE, {})
    hipaa = await ResultMasks(looking(Regime.PHI), CONNECTION).result(tool(), given, NONE, {})
    unpinned = await masks().result(None, given, NONE, {})
    assert all(each.result["content"][0]["type"] == "text" for each in (labelled, hipaa, unpinned))
    blob = {"contents": [{"uri": "x:y", "blob": PNG, "mimeType": "image/png"}]}
    assert (await masks().document("resources/read", blob)).result == blob
    refused = (await ResultMasks(looking(Regime.PHI), CONNECTION).document("resources/read", blob)).result
    assert "blob" not in refused["contents"][0] and "text" in refused["contents"][0]


async def test_where_actions_are_only_observed_nothing_is_masked() -> None:
    given = {"content": [{"type": "text", "text": CANARY}], "_meta": {"x": 1}}
    told = (await masks().result(tool(), given, Obligations(observing=True), {})).result
    assert told == {"content": given["content"]}


async def test_a_list_says_how_many_were_left_out() -> None:
    told = (await masks().listing("resources/list", PARAMS["resources/list"])).result
    assert [each["uri"] for each in told["resources"]] == ["file:///notes"] and told["_meta"] == {LEFT_OUT: 1}
    assert "nextCursor" not in told


async def test_a_link_that_holds_something_is_not_opened() -> None:
    given = {"mode": "url", "message": "Sign in", "url": "https://x.invalid/a", "elicitationId": "7f"}
    quiet = ResultMasks(replace(looking(Regime.PHI), detection=None), PLAIN)
    assert await quiet.params("elicitation/create", given) == given
    told = await masks().params("elicitation/create", {**given, "url": f"https://x.invalid/{CANARY}"})
    assert told["url"] == "about:blank" and told["mode"] == "url"


# -- fields -----------------------------------------------------------------------------------------------------------

FOUND = tool(
    {"result.rows[].who": "phi.name", "result.rows[].no": "phi.mrn", "result.rows[].dx": "phi.clinical.diagnosis"}
)
ROWS = {"rows": [{"who": "Xaviero Quillfeather", "no": 482913, "dx": "E11.9", "n": 3, "left": True}]}


async def test_fields_tell_what_lies_where_and_everywhere_else() -> None:
    prose = "quillfeather (482913) came in with E11.9. See file:///p/Xaviero%20Quillfeather?id=482913"
    result = {
        "content": [{"type": "text", "text": json.dumps(ROWS, indent=2)}, {"type": "text", "text": prose}],
        "structuredContent": ROWS,
    }
    told = await masks().result(FOUND, result, NONE, {})
    row = {"who": "[phi.name]", "no": None, "dx": "[phi.clinical.diagnosis]", "n": 3, "left": True}
    assert told.result["structuredContent"] == {"rows": [row]}
    assert texts(told.result)[0] == json.dumps({"rows": [row]}, indent=2)
    left = texts(told.result)[1].lower()
    assert not any(each in left for each in ("quillfeather", "482913", "e11.9"))
    assert dict(told.counts)[Label("phi.mrn")] == 4


async def test_a_part_of_a_result_by_itself_is_told_by_the_same_fields() -> None:
    mapped = tool({"result.rows[].tier": "acme.tier"})
    for block in ('{"tier":"gold"}', '[{"tier":"gold"}]'):
        told = await masks().result(mapped, {"content": [{"type": "text", "text": block}]}, NONE, {})
        assert texts(told.result) == [block.replace("gold", "[acme.tier]")]


async def test_labelled_arguments_are_found_in_what_comes_back() -> None:
    mapped = tool({"arguments.code": "phi.id"})
    result = {"content": [{"type": "text", "text": "Nothing is known of QX-77-blue."}]}
    told = await masks().result(mapped, result, NONE, {"code": "qx-77-BLUE"})
    assert texts(told.result) == ["Nothing is known of [phi.id]."]


async def test_names_found_in_one_string_are_found_in_the_others() -> None:
    result = {
        "content": [
            {"type": "text", "text": "Patient: Xaviero Quillfeather"},
            {"type": "text", "text": "then quillfeather left the ward"},
        ]
    }
    told = await masks().result(tool(), result, NONE, {})
    assert "quill" not in str(told.result).lower()


async def test_names_of_properties_in_what_is_labelled_are_values_unless_signed_for() -> None:
    mapped = tool(
        {"result.by": "phi.name"}, schema={"type": "object", "properties": {"by": {"properties": {"first": {}}}}}
    )
    for block, kept in (({"Quill": 1}, {}), ({"first": "Quill"}, {"first": "[phi.name]"})):
        result = {"content": [], "structuredContent": {"by": block, "n": 1}}
        assert (await masks().result(mapped, result, NONE, {})).result["structuredContent"] == {"by": kept, "n": 1}


async def test_labels_that_nothing_can_find_mask_all_that_no_field_tells_of() -> None:
    mapped = tool({"result.id": "phi.mrn"}, labels=["acme.grade", "pii.salary"])
    result = {
        "content": [{"type": "text", "text": "grade B, 85000"}],
        "structuredContent": {"id": "1", "pay": 85000, "x": "B", "ok": True},
    }
    told = await masks().result(mapped, result, Obligations(mask=mapped.labels), {})
    whole = told.result["structuredContent"]
    assert (whole["pay"], whole["ok"], whole["x"]) == (None, True, texts(told.result)[0])
    assert "85000" not in str(told.result) and "B" not in whole["x"]


async def test_a_reveal_shows_that_field_alone() -> None:
    shown = Obligations(reveal=frozenset({Reveal("clinic/find.result.rows[].no", Label("phi.mrn"))}))
    told = (await masks().result(FOUND, {"content": [], "structuredContent": ROWS}, shown, {})).result
    assert told["structuredContent"]["rows"][0]["no"] == 482913
    assert told["structuredContent"]["rows"][0]["who"] == "[phi.name]"


async def test_what_the_profile_keeps_stays_unless_a_mask_is_owed() -> None:
    result = {"content": [], "structuredContent": ROWS}
    mask = Obligations(mask=FOUND.labels)
    kept = (await masks("internal").result(FOUND, result, mask, {})).result["structuredContent"]["rows"][0]
    assert kept["dx"] == "E11.9" and kept["who"] != "Xaviero Quillfeather"
    coarse = tool({"result.rows[].dx": "phi.clinical.diagnosis"}, labels=["phi"])
    owed = (await masks("internal").result(coarse, result, Obligations(mask=coarse.labels), {})).result
    assert owed["structuredContent"]["rows"][0]["dx"] == "[phi.clinical.diagnosis]"


async def test_pseudonyms_come_back_inward_for_who_has_them_alone() -> None:
    mapped = tool({"result.no": "phi.mrn", "arguments.no": "phi.mrn", "arguments.nos[]": "phi.mrn"})
    granted = Obligations(mask=mapped.labels, pseudonyms=of("phi.mrn"))
    result = {"content": [], "structuredContent": {"no": "FL-987654"}}
    held = masks()
    told = (await held.result(mapped, result, granted, {}, actor=ETL)).result["structuredContent"]["no"]
    assert told.startswith("[phi.mrn:")
    given = {"no": told, "nos": [told, f" {told.lower()} "], "free": told, "in": f"see {told}"}
    assert held.inward(ETL, mapped, given) == Meant(
        {**given, "no": "FL-987654", "nos": ["FL-987654", "FL-987654"]}, ("/no", "/nos/0", "/nos/1")
    )
    assert held.inward(actor("other"), mapped, given) == Meant(given)
    assert held.inward(ETL, None, given) == Meant(given)
    other = tool({"arguments.no": "phi.account"})
    assert held.inward(ETL, other, given) == Meant(given), "it was given for another label"


async def test_a_pseudonym_beside_a_guess_in_a_list_stays_as_it_is() -> None:
    """Else a schema whose members must differ would say whether the guess is right."""
    mapped = tool({"arguments.nos[]": "phi.mrn", "arguments.rows[].no": "phi.mrn"})
    own = PSEUDONYMS.of(CONNECTION.name, ETL).write(Label("phi.mrn"), b"FL-987654")
    assert own is not None
    told = own.decode()
    for mixed in ({"nos": [told, "FL-987654"]}, {"rows": [{"no": told, "a": 1}, {"no": "FL-987654", "a": 1}]}):
        assert masks().inward(ETL, mapped, mixed) == Meant(mixed)
    apart = {"rows": [{"no": told, "a": "FL-987654"}, {"a": "x"}]}
    assert masks().inward(ETL, mapped, apart).given == ("/rows/0/no",)


# -- schemas ----------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_made_valid_is_an_error_that_says_so() -> None:
    schema = {
        "type": "object",
        "properties": {"ssn": {"type": "string", "pattern": "^(?=4)[0-9-]{11}$"}},
        "required": ["ssn"],
    }
    mapped = tool({"result.ssn": "phi.ssn"}, schema=schema)
    result = {"content": [], "structuredContent": {"ssn": "402-19-8877"}}
    told = (await masks().result(mapped, result, NONE, {})).result
    assert told == {"content": [{"type": "text", "text": NOT_VALID}], "isError": True}


async def test_stand_ins_are_told() -> None:
    schema = {"type": "object", "properties": {"mrn": {"type": "integer", "minimum": 1}}}
    told = (
        await masks().result(tool(schema=schema), {"content": [], "structuredContent": {"mrn": 482913}}, NONE, {})
    ).result
    assert told["structuredContent"] == {"mrn": 1} and texts(told) == [STAND_INS]


BY_NAME = {"type": "object", "properties": {"rows": {"type": "object", "additionalProperties": {"type": "integer"}}}}
NAMED = "Maria Delgado"


async def _structured(value: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    result = {"content": [], "structuredContent": value}
    return (await masks().result(tool(schema=schema), result, NONE, {})).result


async def test_of_an_object_only_what_a_bad_name_names_is_left_out() -> None:
    value = {"rows": {NAMED: 7, "total": 8, "open": 9}, "n": 1, "in": [{"a": 1, "b": 2, NAMED: {"c": [3]}}]}
    told = await _structured(value, BY_NAME)
    assert told == {
        "content": [],
        "structuredContent": {"rows": {"total": 8, "open": 9}, "n": 1, "in": [{"a": 1, "b": 2}]},
    }
    Draft202012Validator(BY_NAME).validate(told["structuredContent"])
    text = json.dumps(value)
    prose = await masks().result(tool(), {"content": [{"type": "text", "text": text}]}, NONE, {})
    assert json.loads(texts(prose.result)[0]) == told["structuredContent"]


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ({NAMED: 7, "Xaviero Quillfeather": 8, "open": 9, "total": 1}, {"open": 9, "total": 1}),
        ({NAMED: 7, "Q-7": 8, "openRows": 9, "x_1": 1}, {"openRows": 9, "x_1": 1}),
        ({NAMED: 7, "402-19-8877": 8, "blue": 9}, {}),
        ({NAMED: 7}, {}),
    ],
)
async def test_beside_a_name_that_is_a_value_others_may_be(rows: dict[str, int], left: dict[str, int]) -> None:
    """What nothing was found in stays only if it looks like a program's own, and not among mostly values."""
    assert (await _structured({"rows": rows, "n": 1}, BY_NAME))["structuredContent"] == {"rows": left, "n": 1}


async def test_what_lacks_a_member_for_its_name_is_valid_or_an_error() -> None:
    least = {"type": "object", "minProperties": 2, "maxProperties": 5}
    assert (await _structured({NAMED: 1, "a": 2, "b": 3}, least))["structuredContent"] == {"a": 2, "b": 3}
    told = await _structured({NAMED: 1, "a": 2}, least)
    assert told == {"content": [{"type": "text", "text": NOT_VALID}], "isError": True}


# -- bad input --------------------------------------------------------------------------------------------------------


class Broken:
    """A finder that raises."""

    failed = 0

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        raise RuntimeError("boom")

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        raise RuntimeError("boom")


async def test_an_engine_that_raises_hides_all() -> None:
    with ThreadPoolExecutor(1) as thread:
        broken = replace(looking(), detection=Detection(Broken(), Regime.PHI, thread, Lock()))
        result = {"content": [{"type": "text", "text": "fine"}], "structuredContent": {"a": "fine"}}
        told = (await ResultMasks(broken, PLAIN).result(tool(), result, NONE, {})).result
        assert "fine" not in str(told)
    # The thread is gone: nothing can be asked any more.
    long = {"content": [{"type": "text", "text": "fine " * 20}]}
    assert "fine" not in str((await ResultMasks(broken, PLAIN).result(tool(), long, NONE, {})).result)


def nested(depth: int) -> Any:
    value: Any = "Delgado"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        nested(70),
        ["Delgado"] * 100_001,
        "Delgado " * (3 << 20),
        float("nan"),
        {"a": {1, 2}},
        b"Delgado",
        {"a": object()},
    ],
    ids=["deep", "many", "long", "nan", "set", "bytes", "object"],
)
async def test_what_cannot_be_looked_into_is_hidden(value: Any) -> None:
    for result in ({"content": [], "structuredContent": value}, {"content": value}, {"contents": value}):
        told = await masks().result(tool() if "contents" not in result else None, result, NONE, {})
        assert "Delgado" not in str(told.result)
    deep = {"content": [{"type": "text", "text": "[" * 70 + '"Delgado"' + "]" * 70}]}
    assert "Delgado" not in str((await masks().result(tool(), deep, NONE, {})).result)


async def test_half_characters_and_bytes_of_none_are_hidden() -> None:
    odd = "Delgado \ud83d"
    blob = base64.b64encode(b"Delgado \xff\xfe").decode()
    result = {
        "content": [
            {"type": "text", "text": odd},
            {"type": "text", "text": json.dumps({"a": odd, odd: 1})},
            {"type": "resource", "resource": {"uri": "x", "mimeType": "text/plain", "blob": blob}},
        ],
        "structuredContent": {"a": odd, odd: 1},
    }
    told = (await masks().result(tool(), result, NONE, {})).result
    assert clear(told), told


async def test_one_long_string_is_masked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.doors.mcp.sheet.MOST_TEXT", 100)
    result = {"content": [{"type": "text", "text": "quiet words" * 20}]}
    assert texts((await masks().result(tool(), result, NONE, {})).result) == ["[phi.*]"]


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.just(CANARY)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.text(max_size=8),
                st.sampled_from(
                    ["content", "structuredContent", "type", "text", "resource", "uri", "blob", "messages", "contents"]
                ),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
SLOWLY = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@SLOWLY
@given(st.dictionaries(st.sampled_from(["content", "structuredContent", "contents", "messages", "completion"]), JSON))
async def test_any_message_comes_out_without_an_error_or_a_canary(result: dict[str, Any]) -> None:
    held = masks()
    for mapped in (None, FOUND):
        told = await held.result(mapped, result, NONE, {})
        assert clear(json.loads(json.dumps(told.result)))
    for method in ("sampling/createMessage", "elicitation/create", "resources/list", "notifications/message"):
        assert clear(await held.params(method, result))


PEOPLE = st.sampled_from(["Maria Delgado", "John Smith", "Olu Adeyemi", "Dana Reyes"])
SAYINGS = st.one_of(
    PEOPLE.map(lambda who: f"{who} was seen on 03/14/1980, MRN: 00482913."),
    PEOPLE.map(lambda who: f"Call {who} at (415) 555-0132 or {who.split()[0].lower()}@example.com"),
    st.sampled_from(
        ["SSN 402-19-8877", "12 Oak Street, Springfield, IL 62704", "nothing here", "AKIAIOSFODNN7EXAMPLE"]
    ),
    PEOPLE,
)
KEYS = st.sampled_from(["name", "note", "mrn", "items", "email", "x", "born"])
FILLED = st.recursive(
    st.one_of(SAYINGS, st.integers(0, 10**9), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def kinds(value: Any) -> Any:
    """The same value with nothing but its types in it; a number may have become null."""
    match value:
        case dict():
            return {key: kinds(each) for key, each in value.items()}
        case list():
            return [kinds(each) for each in value]
        case bool():
            return "bool"
        case int() | None:
            return "number"
        case _:
            return "text"


@SLOWLY
@given(FILLED, SAYINGS)
async def test_masked_once_nothing_is_found_again_and_types_stay(value: Any, prose: str) -> None:
    held = masks()
    result = {
        "content": [{"type": "text", "text": prose}, {"type": "text", "text": json.dumps({"in": value})}],
        "structuredContent": {"in": value},
    }
    once = await held.result(tool(), result, NONE, {})
    again = await held.result(tool(), once.result, NONE, {})
    assert again.result == once.result and again.counts == ()
    assert kinds(once.result["structuredContent"]) == kinds(result["structuredContent"])


def schema_of(value: Any) -> dict[str, Any]:
    match value:
        case dict():
            return {
                "type": "object",
                "properties": {key: schema_of(each) for key, each in value.items()},
                "required": sorted(value),
            }
        case list():
            return (
                {"type": "array", "items": {"anyOf": [schema_of(each) for each in value]}}
                if value
                else {"type": "array"}
            )
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer", "minimum": 0}
        case _:
            return {"type": "string", "maxLength": 200}


@SLOWLY
@given(FILLED)
async def test_what_was_valid_is_valid_when_masked(value: Any) -> None:
    schema = schema_of({"in": value})
    told = (
        await masks().result(tool(schema=schema), {"content": [], "structuredContent": {"in": value}}, NONE, {})
    ).result
    assert Draft202012Validator(schema).is_valid(told["structuredContent"])


def test_every_label_that_is_known_is_found_by_looking_or_masks_the_rest() -> None:
    assert masks_file.findable(Label("phi.name.given")) and masks_file.findable(Label("phi"))
    assert masks_file.findable(Label("secret.github")) and masks_file.findable(Label("pci.pan"))
    assert not any(map(masks_file.findable, of("phi.clinical.note", "pii.salary", "quasi.race", "acme.grade")))
