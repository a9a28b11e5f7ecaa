"""What an MCP server offers besides tools, made into an action: reading a resource, getting a prompt, completing.

    resources/read        document.read      kb/resources/<the template that the URI fits, or its scheme>
    prompts/get           prompt.get         kb/prompts/<its name>
    completion/complete   prompt.complete    that of the prompt or resource it completes for

What nobody but the asker calls so (a prompt or a scheme that isn't pinned, listed or in a policy) is `?`: it may be a
value. Pinned ones bear the labels of their map; what fits none of them may be any of them, and bears those of all.

To subscribe to a resource, or no longer, is asked for as reading it is. A URI may hold values, so it never becomes a
name: it is an argument, and hidden like all others. One that a server may read as another resource's is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from interlock.actions.call_template import UNREAD, Cut, cut_call, is_name
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure, Output
from interlock.model.jcs import Json
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName, Digest, Verb
from interlock.model.offer import Offer, OfferKind
from interlock.model.payload import ToolPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import DOCUMENT_READ, PROMPT_COMPLETE, PROMPT_GET
from interlock.sql.identifiers import MAX_DIGITS, invisible

METHODS: Mapping[str, Verb] = MappingProxyType(
    {
        "resources/read": DOCUMENT_READ,
        "resources/subscribe": DOCUMENT_READ,
        "resources/unsubscribe": DOCUMENT_READ,
        "prompts/get": PROMPT_GET,
        "completion/complete": PROMPT_COMPLETE,
    }
)
MAX_TEMPLATES: Final = 1_000
MAX_TEMPLATE: Final = 512  # characters of a URI template
MAX_URI: Final = 8_192

BAD_URI: Final = "what is to be read isn't named by a URI"
TWO_URIS: Final = (
    "the URI may be read as another resource's: write it without escapes, steps and capitals it doesn't need"
)
BAD_PROMPT: Final = "the prompt's name looks like data; names are never hidden"
BAD_REFERENCE: Final = "what is to be completed isn't an argument of a prompt or of a resource"

_WRONG: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("resources/read", "resources/subscribe", "resources/unsubscribe"), BAD_URI),
        "prompts/get": BAD_PROMPT,
        "completion/complete": BAD_REFERENCE,
    }
)
COMMON_SCHEMES: Final = frozenset({"file", "git", "http", "https"})
"""Of MCP 2025-11-25, "Common URI Schemes", and what they are read over."""

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,31}):", re.IGNORECASE)
_TEMPLATE: Final = re.compile(r"[\w$./:{}+#?&*,;=~%-]+", re.ASCII)
_MANY_STEPS: Final = frozenset("+#?&/")
_VARIABLE: Final = re.compile(r"\{[^{}]*\}")
_UNKNOWN: Final = "?"
_WORDS: Final = Tool(
    connection=ConnectionName(""),
    name="",
    input_schema={
        "properties": dict.fromkeys(["uri", "name", "arguments", "argument", "context", "ref", "type", "value"], True)
    },
)
"""The words of the protocol itself, which are names wherever they stand."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What people signed for of a connection's documents: those that are pinned, and the words of policies, which may
    name others."""

    offers: tuple[Offer, ...] = ()
    words: frozenset[str] = frozenset()

    def names(self, connection: ConnectionName, kind: OfferKind, name: str) -> bool:
        """Whether a name is theirs."""
        local = f"{kind.value}/{name}"
        pinned = any(offer.kind is kind and offer.name == name for offer in self.offers)
        return pinned or local in self.words or f"{connection}/{local}" in self.words

    def labels(self, kind: OfferKind, fits: Callable[[str], bool]) -> frozenset[Label]:
        """Those of every pinned one that fits; of all where none does."""
        ours = [offer for offer in self.offers if offer.kind is kind]
        fitting = [offer for offer in ours if fits(offer.name)]
        return frozenset(label for offer in fitting or ours for label in offer.labels)


UNSIGNED: Final = Signed()


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a request names: its document's name, the labels of what that gives, and why it is refused, if it is."""

    name: str = "?"
    labels: frozenset[Label] = frozenset()
    refusal: str | None = None


def from_document(
    *,
    id: ActionId,
    actor: Actor,
    connection: Connection,
    method: str,
    params: bytes,
    templates: Sequence[str] = (),
    signed: Signed = UNSIGNED,
    labels: frozenset[Label] = frozenset(),
    reason: str = "",
    ticket: str = "",
) -> Action:
    """The action that a request of one of `METHODS` is. `params` are its params as JSON, `templates` the URI templates
    that the server lists, `signed` what people signed for, `labels` what it can reach besides what is pinned.

    Params that can't be read, and names that look like data, set `refusal`.
    """
    canonical, values, refusal = _read(params)
    asked = _Asked(connection.name, method, values, templates, signed)
    meant = _named(asked) if refusal is None else _Meant(refusal=refusal)
    document, labels = f"{connection.name}/{meant.name}", labels | meant.labels
    cut = cut_call(document, values, _WORDS, show=False) if refusal is None else Cut(UNREAD, refusal)
    cover: Mapping[str, JsonValue] = {
        "connection": connection.name,
        "method": method,
        "definition": "",
        "arguments": canonical.decode(),
    }
    resource = Resource(ResourceKind.DOCUMENT, document, labels)
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=(Ask(METHODS[method], resource),),
        payload=ToolPayload(called(connection, method), Digest(""), canonical),
        cover=cover,
        form=cover,
        exposures=(Exposure((Output("result", 0, labels, None),), labels=labels),),
        templates=(cut.template,),
        reason_given=reason,
        refusal=meant.refusal or cut.refusal,
        ticket_given=ticket,
    )


def called(connection: Connection, method: str) -> str:
    """What a payload says is called. No tool's full name begins so: there a slash follows the connection's."""
    return f"{connection.name} {method}"


def method_of(payload: ToolPayload, connection: Connection) -> str | None:
    """The method that a payload is of; None for a tool's."""
    before, _, method = payload.tool.partition(" ")
    return method if before == connection.name and method in METHODS else None


def _read(params: bytes) -> tuple[bytes, Mapping[str, Json], str | None]:
    try:
        values = jcs.read(params, most_values=jcs.MANY)
        canonical = jcs.encode(values)
    except MalformedInput as malformed:
        return b"", {}, malformed.sentence
    return (canonical, values, None) if isinstance(values, Mapping) else (b"", {}, "params are a JSON object")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request, as it was read, and by what its document is named."""

    connection: ConnectionName
    method: str
    params: Mapping[str, Json]
    templates: Sequence[str]
    signed: Signed


def _named(asked: _Asked) -> _Meant:
    method = asked.method
    match asked.params:
        case {"uri": str() as uri} if METHODS[method] is DOCUMENT_READ:
            return _resource(asked, uri)
        case {"name": str() as name} if method == "prompts/get":
            return _prompt(asked, name)
        case {"ref": {"type": "ref/prompt", "name": str() as name}} if method == "completion/complete":
            return _prompt(asked, name)
        case {"ref": {"type": "ref/resource", "uri": str() as uri}} if method == "completion/complete":
            return _resource(asked, uri)
        case _:
            return _Meant(refusal=_WRONG[method])


def _prompt(asked: _Asked, name: str) -> _Meant:
    known = asked.signed.names(asked.connection, OfferKind.PROMPT, name)
    labels = asked.signed.labels(OfferKind.PROMPT, lambda each: each == name)
    refusal = None if known or is_name(name) else BAD_PROMPT
    return _Meant(f"prompts/{name if known else _UNKNOWN}", labels, refusal)


def _resource(asked: _Asked, uri: str) -> _Meant:
    scheme = _SCHEME.match(uri)
    if scheme is None or len(uri) > MAX_URI or invisible(uri) or sum(c.isdigit() for c in scheme[1]) > MAX_DIGITS:
        return _Meant(f"resources/{_UNKNOWN}", refusal=BAD_URI)
    ours = [offer for offer in asked.signed.offers if offer.kind is OfferKind.RESOURCE]
    pinned = sorted((offer.name for offer in ours), key=_fixed, reverse=True)
    listed = [each for each in asked.templates[:MAX_TEMPLATES] if _may_show(each)]
    meant = [_fitting([*pinned, *sorted(listed, key=_fixed, reverse=True)], uri, reading) for reading in _READINGS]
    name = meant[0] or _scheme(asked, pinned, scheme[1].lower())
    labels = asked.signed.labels(
        OfferKind.RESOURCE, lambda each: any(_fitting([each], uri, reading) for reading in _READINGS[:-1])
    )
    labels |= frozenset(label for each in ours if _fitting([each.name], uri, _bare) for label in each.labels)
    steps = (step.partition(";")[0] for step in _spelt(uri).split("/"))
    twofold = any(each not in (None, meant[0]) for each in meant) or not _STEPS.isdisjoint(steps)
    return _Meant(f"resources/{name}", labels, TWO_URIS if twofold else None)


def _scheme(asked: _Asked, pinned: Sequence[str], scheme: str) -> str:
    """It as a name, unless only the asker says it."""
    theirs = [*pinned, *filter(is_template, asked.templates[:MAX_TEMPLATES])]
    known = scheme in COMMON_SCHEMES or any(each.partition(":")[0].lower() == scheme for each in theirs)
    return scheme if known or asked.signed.names(asked.connection, OfferKind.RESOURCE, scheme) else _UNKNOWN


def _fitting(templates: Sequence[str], uri: str, reading: Callable[[str], str]) -> str | None:
    """The template that fits, when both are read that way."""
    read = reading(uri)
    return next((each for each in templates if (as_read := reading(each)) == read or fits(as_read, read)), None)


def _spelt(uri: str) -> str:
    """Without escapes, as who decodes twice reads it, in letters of one width, and small ones: of scheme and host they
    mean the same."""
    return unicodedata.normalize("NFKC", unquote(unquote(uri))).replace("\\", "/").lower()


def _stepped(uri: str) -> str:
    """The same without empty steps."""
    return _SLASHES.sub("/", _spelt(uri))


def _bare(uri: str) -> str:
    """The same without query and fragment, what stands behind a `;` in a step, slashes at the end, and the port that is
    a scheme's own. Of a template also without what becomes one of these."""
    return _ADDED.sub("", _USUAL.sub(r"\1\2", _stepped(uri))).rstrip("/")


# What servers make of a URI before they look for the resource (RFC 3986 section 6.2.2).
_READINGS: Final[tuple[Callable[[str], str], ...]] = (str, _spelt, _stepped, _bare)
_STEPS: Final = frozenset({".", ".."})
_SLASHES: Final = re.compile("//+")
_ADDED: Final = re.compile(r"\{[?&#].*|\{;[^{}]*\}|[?#].*|;[^/]*", re.DOTALL)
_USUAL: Final = re.compile(r"^(https?:/)(?:[^/@{}]*@)?([^/:@{}]*)(?::(?:80|443)?)?(?=/|$)")


def is_template(text: str) -> bool:
    """Whether people may pin it: a URI, or a template of URIs, in letters that everybody can tell apart."""
    return len(text) <= MAX_TEMPLATE and _TEMPLATE.fullmatch(text) is not None and _SCHEME.match(text) is not None


def _fixed(template: str) -> int:
    """How much of a template is fixed: of several that fit, the one that says most is meant."""
    return len(_VARIABLE.sub("", template)) + ("{" not in template)


def _may_show(template: str) -> bool:
    """Whether a template is one: the server's own words, shown on cards, without anything that looks like data."""
    return is_template(template) and "{" in template and sum(c.isdigit() for c in template) <= MAX_DIGITS


def fits(template: str, uri: str) -> bool:
    """Whether a URI is what a template (RFC 6570) may become, in one pass: its fixed parts in their order, and no slash
    in what one expression stands for, unless it is of a kind that may hold them."""
    fixed, expressions = _VARIABLE.split(template), _VARIABLE.findall(template)
    at, last = len(fixed[0]), len(expressions)
    if not expressions or not uri.startswith(fixed[0]) or "" in fixed[1:-1]:
        return False
    for n, part in enumerate(fixed[1:], 1):
        end = uri.find(part, at) if n < last else len(uri) - len(part) if uri.endswith(part) else -1
        if end < at or ("/" in uri[at:end] and expressions[n - 1][1:2] not in _MANY_STEPS):
            return False
        at = end + len(part)
    return True
