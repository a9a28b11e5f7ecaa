"""The tools of the reference server: what the conformance suite's scenarios call, by name, and a few of our own."""

from __future__ import annotations

import asyncio
import base64
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from testkit import mcp_inputs
from testkit.mcp_inputs import elicitation

Context = ServerRequestContext[Any]
Object = dict[str, Any]
Call = Callable[[Context, types.CallToolRequestParams], Awaitable[Object]]

NOTHING: Object = {"type": "object", "properties": {}}
STEP_SECONDS = 0.05  # the scenarios ask for about so long between two notifications
MISSING_CAPABILITY = -32021


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


_PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    + _chunk(b"IEND", b"")
)
PNG = base64.b64encode(_PNG).decode()  # one red pixel
WAV = base64.b64encode(
    b"RIFF"
    + struct.pack("<I", 38)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    + b"data\2\0\0\0\x80\x80"
).decode()


def text(said: str) -> Object:
    """A block of text."""
    return {"type": "text", "text": said}


def content(*blocks: Object) -> Object:
    """A result of these blocks."""
    return {"content": list(blocks)}


@dataclass(frozen=True, slots=True)
class ServedTool:
    """A tool: what is listed of it, and what it does."""

    name: str
    description: str
    call: Call
    schema: Mapping[str, Any]

    @property
    def listed(self) -> Object:
        """As tools/list has it."""
        return {"name": self.name, "description": self.description, "inputSchema": self.schema}


def _constant(result: Object) -> Call:
    async def call(_: Context, __: types.CallToolRequestParams) -> Object:
        return result

    return call


IMAGE = {"type": "image", "data": PNG, "mimeType": "image/png"}
AUDIO = {"type": "audio", "data": WAV, "mimeType": "audio/wav"}
EMBEDDED = {
    "type": "resource",
    "resource": {
        "uri": "test://embedded-resource",
        "mimeType": "text/plain",
        "text": "This is an embedded resource content.",
    },
}
MIXED = {
    "type": "resource",
    "resource": {
        "uri": "test://mixed-content-resource",
        "mimeType": "application/json",
        "text": '{"test":"data","value":123}',
    },
}
FAILED = {"isError": True, **content(text("This tool intentionally returns an error for testing"))}


async def _log(ctx: Context, _: types.CallToolRequestParams) -> Object:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", said, related_request_id=ctx.request_id)
        await asyncio.sleep(STEP_SECONDS)
    return content(text("Logged thrice."))


async def _progress(ctx: Context, _: types.CallToolRequestParams) -> Object:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100, f"Completed step {done} of 100")
        await asyncio.sleep(STEP_SECONDS)
    return content(text("Done by steps."))


async def _sample(ctx: Context, params: types.CallToolRequestParams) -> Object:
    said = str((params.arguments or {}).get("prompt", ""))
    message = types.SamplingMessage(role="user", content=types.TextContent(text=said))
    answer = await ctx.session.create_message([message], max_tokens=100, related_request_id=ctx.request_id)
    told = answer.content.text if isinstance(answer.content, types.TextContent) else answer.content
    return content(text(f"LLM response: {told}"))


def _elicit(described: str, message: str, schema: Mapping[str, Any]) -> Call:
    async def call(ctx: Context, params: types.CallToolRequestParams) -> Object:
        asked = str((params.arguments or {}).get("message", message))
        answer = await ctx.session.elicit(asked, dict(schema), related_request_id=ctx.request_id)
        return content(text(f"{described}: action={answer.action}, content={answer.content}"))

    return call


async def _needs_sampling(ctx: Context, _: types.CallToolRequestParams) -> Object:
    able = ctx.session.client_capabilities
    if able is None or able.sampling is None:
        raise MCPError(MISSING_CAPABILITY, "sampling is needed", {"requiredCapabilities": {"sampling": {}}})
    return content(text("The client can sample."))


async def _streaming(ctx: Context, params: types.CallToolRequestParams) -> Object:
    await ctx.session.report_progress(1, 2)
    return elicitation({"confirm": ("Go on?", {"ok": {"type": "boolean"}})})


async def _slow(ctx: Context, params: types.CallToolRequestParams) -> Object:
    await ctx.session.report_progress(0, 1)
    try:
        await asyncio.sleep(float((params.arguments or {}).get("seconds", 0)))
    except asyncio.CancelledError:
        print("slow: given up", file=sys.stderr, flush=True)
        raise
    return content(text("It took its time."))


async def _echo(_: Context, params: types.CallToolRequestParams) -> Object:
    return content(text(str((params.arguments or {}).get("text", ""))))


_USER = {
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}
_DEFAULTS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    },
    "required": [],
}


def _titled(*titles: str) -> list[Object]:
    return [{"const": f"value{number}", "title": title} for number, title in enumerate(titles, 1)]


_OPTIONS = ["option1", "option2", "option3"]
_ENUMS = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": _OPTIONS},
        "titledSingle": {"type": "string", "oneOf": _titled("First Option", "Second Option", "Third Option")},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
        "titledMulti": {
            "type": "array",
            "items": {"anyOf": _titled("First Choice", "Second Choice", "Third Choice")},
        },
    },
    "required": [],
}
_VOCABULARY = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def _of(name: str, kind: str, **more: Any) -> Object:
    """A schema of one argument."""
    return {"type": "object", "properties": {name: {"type": kind, **more}}, "required": [name]}


_PLAIN: tuple[tuple[str, Call, Object], ...] = (
    ("test_simple_text", _constant(content(text("This is a simple text response for testing."))), NOTHING),
    ("test_image_content", _constant(content(IMAGE)), NOTHING),
    ("test_audio_content", _constant(content(AUDIO)), NOTHING),
    ("test_embedded_resource", _constant(content(EMBEDDED)), NOTHING),
    ("test_multiple_content_types", _constant(content(text("Multiple content types test:"), IMAGE, MIXED)), NOTHING),
    ("test_error_handling", _constant(FAILED), NOTHING),
    ("test_tool_with_logging", _log, NOTHING),
    ("test_logging_tool", _log, NOTHING),
    ("test_tool_with_progress", _progress, NOTHING),
    ("test_sampling", _sample, _of("prompt", "string")),
    ("test_elicitation", _elicit("User response", "", _USER), _of("message", "string")),
    ("test_elicitation_sep1034_defaults", _elicit("Elicitation completed", "Defaults", _DEFAULTS), NOTHING),
    ("test_elicitation_sep1330_enums", _elicit("Elicitation completed", "Choices", _ENUMS), NOTHING),
    ("test_missing_capability", _needs_sampling, NOTHING),
    ("test_streaming_elicitation", _streaming, NOTHING),
    ("test_custom_header", _echo, _of("text", "string", **{"x-mcp-header": "Text"})),
    ("json_schema_2020_12_tool", _constant(content(text("A rich schema."))), _VOCABULARY),
    ("slow", _slow, _of("seconds", "number", minimum=0, maximum=60)),
    ("echo", _echo, _of("text", "string")),
)

TOOLS: Mapping[str, ServedTool] = {
    name: ServedTool(name, f"The reference server's {name}.", call, schema)
    for name, call, schema in (*_PLAIN, *((name, call, NOTHING) for name, call in mcp_inputs.CALLS.items()))
}
