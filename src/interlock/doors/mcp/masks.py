"""What a server sends, masked: results, documents, lists, errors, and what it says by itself.

    fields of the tool's map    say what lies at a path; that is masked as a catalogued column is
    detection                   looks into every other string, told by the property's name; what it finds is masked
    what is known of one value  is looked for in all others: a name in structured JSON is found in the prose beside it

Promise 5 (design, section 3) holds as for rows: what a field tells of never leaves (a); the rest is found at a measured
recall (b). So of a tool that can reach `phi` while no field says where, that is masked which detection finds. Labels
that nothing can find by looking (pay, race, a label of one's own) mask every string and number that no field tells of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from interlock.doors.masks import Masks
from interlock.doors.mcp import blocks, messages
from interlock.doors.mcp.blocks import Unless
from interlock.doors.mcp.inward import Meant, Restored, given_at, meant
from interlock.doors.mcp.leaves import LEAST_TYPED, MOST_DEPTH, Clean, Slot, Typed, Ways
from interlock.doors.mcp.seams import McpRefused, Object, Words
from interlock.doors.mcp.sheet import Sheet, aside
from interlock.doors.mcp.valid import fitted
from interlock.doors.mcp.words import FAILED, Masked, ServerWords, through
from interlock.masking.json_values import Fields, LeafMask, firm, owed
from interlock.masking.masker import Masker
from interlock.masking.profile import Profile
from interlock.masking.pseudonyms import ActorPseudonyms, Pseudonyms
from interlock.model.actor import Actor
from interlock.model.connection import Connection
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.tool import Tool

REGIME: Final = "hipaa"

NOT_VALID: Final = (
    "[Interlock hides the structured part of this answer: with what may not leave taken out of it, it isn't what the "
    "tool's output schema asks for any more. The call did run: don't repeat it.]"
)
STAND_INS: Final = (
    "[Interlock: some values in the structured part are stand-ins of their type for values that may not leave.]"
)
LEFT_OUT: Final = "interlock/left_out"
"""In `_meta` of a list: how many of its members were left out, since what names them may not leave."""

LISTS: Final[Mapping[str, str]] = {
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}

# What detection finds (`sensitivity/detectors`), by labels above or beneath which others count as found, too.
_FOUND: Final = (
    *("phi.name", "phi.address", "phi.date", "phi.age", "phi.phone", "phi.fax", "phi.email", "phi.ssn", "phi.mrn"),
    *("phi.health_plan", "phi.account", "phi.licence", "phi.vehicle", "phi.device", "phi.url", "phi.ip", "phi.id"),
    *("phi.biometric", "phi.photo", "phi.clinical.diagnosis", "phi.clinical.lab", "phi.clinical.medication"),
    *("phi.clinical.procedure", "pii.name", "pii.email", "pii.phone", "pii.address", "pii.birth", "pii.ssn"),
    *("pii.passport", "pii.itin", "pii.national_id", "pii.ip", "pii.crypto_address", "pci", "secret", "quasi.state"),
    *("quasi.country", "quasi.zip3", "quasi.facility"),
)
_ROOTS: Final = frozenset({"phi", "pii", "phi.clinical", "quasi"})
_NOTHING: Final = Obligations()
_KEPT: Final = 64  # firm profiles


def findable(label: Label) -> bool:
    """Whether looking at a value can tell that it bears this label, or one beneath it."""
    return label in _ROOTS or any(label == each or label.startswith(f"{each}.") for each in _FOUND)


class ResultMasks:
    """One connection's. Nothing that a server sends raises anything here: what can't be read is hidden."""

    _blind = False

    def __init__(self, masks: Masks, connection: Connection, pseudonyms: Pseudonyms | None = None) -> None:
        """`masks`: whether and by what values are looked into, the profile, overrides, the vault. `pseudonyms`: the
        installation's; None where nobody gets any. Pictures and sound pass but where the connection is tagged `hipaa`,
        and never where a tool's labels are in reach."""
        self._masks, self._connection, self._pseudonyms = masks, connection, pseudonyms
        self._media = REGIME not in connection.tags
        self._firm: dict[tuple[str, frozenset[Label]], Profile] = {}
        self._clean, self._restored = Clean(), Restored()

    async def result(
        self,
        tool: Tool | None,
        result: Object,
        obligations: Obligations,
        args: Object,
        *,
        actor: Actor | None = None,
        given: Sequence[str] = (),
    ) -> Masked:
        """A result of tools/call; without a tool and `content`, of whatever document it is the result of.

        `args`: as the server got them; `given`: JSON pointers to those that stand for pseudonyms. `actor`: whose
        pseudonyms stand for values; None: nobody's do. Where actions are merely observed, only `_meta` goes.

        What doesn't fit the tool's output schema any more is said to be an error: clients raise for a result without
        its structured part, but not then.
        """
        if obligations.observing:
            return Masked(_plainly(result))
        if tool is None and (method := _document_of(result)) is not None:
            return await self.document(method, result, obligations, args, actor=actor)
        strict = tool is not None and bool(tool.output_schema) and result.get("isError") is not True
        hidden = {"content": [blocks.told(FAILED)], "isError": strict or result.get("isError") is True}
        ways = self._ways(actor, tool, obligations, args, given=given)
        media = self._media and tool is not None and not tool.labels
        built: list[Slot] = []

        def build(sheet: Sheet) -> dict[str, Any]:
            return messages.result_of(result, sheet, built, media=media)

        masked = await through(ways, result, build, hidden)
        schema = tool.output_schema if tool is not None and strict else {}
        if not built or not schema or "structuredContent" not in masked.result:
            return masked
        value, changed = masked.result["structuredContent"], built[0].changed
        fit = await aside(lambda: fitted(value, changed, schema), len(built[0].source))
        if fit is None:
            content = [*masked.result["content"], blocks.told(NOT_VALID)]
            rest = {k: v for k, v in masked.result.items() if k != "structuredContent"}
            return replace(masked, result={**rest, "content": content, "isError": True})
        told = [blocks.told(STAND_INS)] if fit.stand_ins else []
        content = [*masked.result["content"], *told]
        return replace(masked, result={**masked.result, "content": content, "structuredContent": fit.value})

    async def document(
        self,
        method: str,
        result: Object,
        obligations: Obligations = _NOTHING,
        params: Object | None = None,
        *,
        actor: Actor | None = None,
        labels: frozenset[Label] = frozenset(),
    ) -> Masked:
        """A result of resources/read, prompts/get or completion/complete. `params` are those of the request, `labels`
        what it can give, as people signed for it."""
        if obligations.observing:
            return Masked(_plainly(result))
        hidden = _hidden(method, params or {})
        ways, media = self._ways(actor, None, obligations, {}, labels), self._media and not labels
        return await through(
            ways, result, lambda sheet: messages.document_of(method, result, sheet, media=media), hidden
        )

    async def listing(self, method: str, result: Object) -> Masked:
        """A list of resources, templates or prompts. A member whose URI or name holds something can't be masked and
        still be asked for: it is left out, and `_meta` says how many were."""
        key = LISTS.get(method, "")
        left: list[Unless] = []
        ways = self._ways(None, None, _NOTHING, {})
        masked = await through(
            ways, result, lambda sheet: messages.listing_of(key, result, sheet, left), {key: []} if key else {}
        )
        gone = sum(any(slot.found for slot in each.slots) for each in left)
        if not gone:
            return masked
        told = {**masked.result.get("_meta", {}), LEFT_OUT: gone}
        return replace(masked, result={**masked.result, "_meta": told})

    async def text(self, text: str) -> str:
        """One text of the server's that is about no call: its instructions."""
        return await self._of_no_call().text(text)

    async def error(self, refused: McpRefused) -> McpRefused:
        """An error that the server answered with, to what is no call."""
        return await self._of_no_call().error(refused)

    async def params(self, method: str, params: Object) -> Object:
        """What a server sends by itself; a list's result goes as in `listing`."""
        if method in LISTS:
            return (await self.listing(method, params)).result
        return await self._of_no_call().params(method, params)

    def recalling(self, words: Words) -> ServerWords:
        """See `seams.Words`."""
        return self._of_no_call().recalling(words)

    def of_call(
        self,
        tool: Tool | None,
        args: Object,
        obligations: Obligations,
        *,
        given: Sequence[str] = (),
        labels: frozenset[Label] = frozenset(),
        asker: Actor | None = None,
    ) -> ServerWords:
        """What masks the server's words about one call: `args` as the server got them, `given` JSON pointers to those
        among them that stand for pseudonyms. No pseudonym is told, also not the `asker`'s: an error may confirm no
        guess."""
        ways = self._ways(None, tool, obligations, args, labels, given, asker)
        return ServerWords(ways, self._media and not labels)

    def _of_no_call(self) -> ServerWords:
        return ServerWords(self._ways(None, None, _NOTHING, {}), self._media)

    def inward(self, actor: Actor, tool: Tool | None, arguments: Object) -> Meant:
        """The arguments with what this actor's pseudonyms in them stand for (`doors/mcp/inward.py`); once only."""
        fields = Fields(tool.fields, "arguments") if tool is not None else None
        own = self._of(actor)
        if own is None or not fields:
            return Meant(arguments)
        found = meant(arguments, fields, own)
        if found.values:
            self._restored.note(actor.owner, found.values)
        return found

    # -- how -----------------------------------------------------------------------------------------------------------

    def _of(self, actor: Actor | None) -> ActorPseudonyms | None:
        if self._pseudonyms is None or actor is None:
            return None
        return self._pseudonyms.of(self._connection.name, actor)

    def _ways(
        self,
        actor: Actor | None,
        tool: Tool | None,
        obligations: Obligations,
        args: Object,
        labels: frozenset[Label] = frozenset(),
        given: Sequence[str] = (),
        asker: Actor | None = None,
    ) -> Ways:
        masks, own = self._masks, self._of(actor)
        fields = Fields(tool.fields if tool is not None else {}, "result")
        labels |= tool.labels if tool is not None else frozenset()
        asked = Fields(tool.fields if tool is not None else {}, "arguments")
        untold = labels - fields.labels - asked.labels
        if tool is not None and masks.profile is not None:
            columns = {f"{tool.id}.{column}": found for column, found in fields.columns.items()}
            obligations = owed(obligations, columns, sorted(labels - fields.labels), masks.profile)
        typed = Typed(_typed(args, (), asked) if actor is not None else ())
        held = obligations.mask | (fields.labels | asked.labels if masks.profile is None else frozenset())
        by_profile = masks.masker(own)
        leaf = LeafMask(obligations, self._held(by_profile, obligations.mask) if by_profile is not None else None, own)
        return Ways(
            connection=self._connection.name,
            detection=masks.detection,
            finds=self._held(masks.finds(own), held),
            leaf=leaf,
            fields=fields,
            column=tool.id if tool is not None else "",
            blanket=frozenset(each for each in untold if not findable(each) and leaf.held(frozenset({each}), "")),
            declared=_declared(tool) | fields.names,
            given=tuple(_given(args, (), asked, leaf)),
            restored=given_at(args, given),
            recalled=self._restored.of(who.owner) if (who := asker or actor) is not None else (),
            typed=typed,
            constants=self._held(masks.constants(), held) if typed else None,
            vault=masks.vault,
            blind=self._blind,
            clean=self._clean,
        )

    def _held(self, masker: Masker, mask: frozenset[Label]) -> Masker:
        """The same masker, keeping nothing that is owed a mask."""
        if not mask:
            return masker
        key = (masker.profile.name, mask)
        profile = self._firm.get(key)
        if profile is None:
            if len(self._firm) >= _KEPT:
                self._firm.clear()
            profile = self._firm[key] = firm(masker.profile, mask)
        return replace(masker, profile=profile)


class BlindMasks(ResultMasks):
    """Where no engine is there to look: every string of what came back is a constant."""

    _blind = True

    def __init__(self, masks: Masks, connection: Connection, pseudonyms: Pseudonyms | None = None) -> None:
        """As `ResultMasks` has it; of `masks` only what doesn't look is used."""
        super().__init__(masks, connection, pseudonyms)
        self._media = False


def _plainly(result: Object) -> Object:
    return {key: value for key, value in result.items() if key != "_meta"}


_DOCUMENTS: Final = {"contents": "resources/read", "messages": "prompts/get", "completion": "completion/complete"}


def _hidden(method: str, params: Object) -> dict[str, Any]:
    """What stands in place of a document that can't be looked into."""
    match method:
        case "resources/read":
            return {
                "contents": [{"uri": str(params.get("uri", "about:blank")), "mimeType": "text/plain", "text": FAILED}]
            }
        case "prompts/get":
            return {"messages": [{"role": "user", "content": blocks.told(FAILED)}]}
        case _:
            return {"completion": {"values": []}}


def _document_of(result: Object) -> str | None:
    """The method that gives such results; None for what a tool gives, or nobody knows."""
    if "content" in result or "structuredContent" in result:
        return None
    return next((method for key, method in _DOCUMENTS.items() if key in result), None)


def _declared(tool: Tool | None) -> frozenset[str]:
    """The names of properties in a tool's output schema: people signed for these."""
    names: set[str] = set()
    stack: list[tuple[Any, int]] = [(tool.output_schema, 0)] if tool is not None else []
    while stack:
        node, depth = stack.pop()
        if isinstance(node, Mapping):
            properties = node.get("properties")
            names.update(properties if isinstance(properties, Mapping) else ())
            stack.extend((each, depth + 1) for each in node.values() if depth < MOST_DEPTH)
        elif isinstance(node, list | tuple):
            stack.extend((each, depth + 1) for each in node if depth < MOST_DEPTH)
    return frozenset(names)


def _given(value: Any, path: tuple[str | int, ...], fields: Fields, leaf: LeafMask) -> Iterator[tuple[str, Label]]:
    """The values of arguments that bear labels."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _given(each, (*path, key), fields, leaf)
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from _given(each, (*path, at), fields, leaf)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield from ((str(value), label) for label in sorted(leaf.held(fields.at(path), ""))[:1])


def _typed(value: Any, path: tuple[str | int, ...], fields: Fields) -> Iterator[str]:
    """What of arguments bears no label: texts, keys, and numbers long enough to be somebody's."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _typed(each, (*path, key), fields)
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from _typed(each, (*path, at), fields)
    elif (isinstance(value, str) or len(str(value)) >= LEAST_TYPED) and not fields.at(path):
        yield str(value)
