"""A proposed policy bundle -> the action of putting it in force, and what a reviewer is shown of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from interlock.errors import PolicyMistakes
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.digest import payload_document
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId, ConnectionName, Digest, KeyId
from interlock.model.payload import BundlePayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.template import Template
from interlock.model.verb import POLICY_LOAD
from interlock.policy.difference import Kind
from interlock.policy.terms import WAYS
from interlock.policy.tool_difference import compare_tools

ITSELF: Final = Connection(ConnectionName("interlock"), "interlock", "gateway", frozenset())
"""The gateway as what is acted on."""

MAX_DIFF: Final = 100_000  # characters; nobody reads a longer card whole
MAX_NAME: Final = 100
MAX_WORK: Final = 4_000_000  # line pairs to compare; difflib's worst case takes a second for so many
_FOLDERS: Final = ("packs/", "tools/")
_WORDS: Final = {Kind.ADDED: "new", Kind.REMOVED: "removed", Kind.CHANGED: "changed", Kind.RENAMED: "renamed"}
_KEY, _PREVIOUS, _RULES = "/key", "/previous", "/rules"  # sealed beside the sources; no source has a slash in front


@dataclass(frozen=True, slots=True)
class Proposal:
    """Sources by name, the digest of the rules they would make, and what it was proposed against and with."""

    sources: Mapping[str, str]
    rules: Digest
    previous: Digest
    key: KeyId


def payload_of(proposal: Proposal) -> BundlePayload:
    """What is sealed."""
    beside = ((_KEY, str(proposal.key)), (_PREVIOUS, str(proposal.previous)), (_RULES, str(proposal.rules)))
    return BundlePayload((*sorted(proposal.sources.items()), *beside))


def proposal_in(payload: BundlePayload) -> Proposal:
    """What `payload_of` was given."""
    texts = dict(payload.sources)
    rules, previous, key = Digest(texts.pop(_RULES)), Digest(texts.pop(_PREVIOUS)), KeyId(texts.pop(_KEY))
    return Proposal(texts, rules, previous, key)


def cover_of(proposal: Proposal) -> Mapping[str, JsonValue]:
    """What votes bind: the sources, what they would make with the catalogs of now, and what is in force."""
    return {
        "kind": "bundle",
        "payload": payload_document(payload_of(proposal)),
        "rules": proposal.rules,
        "previous": proposal.previous,
    }


def from_bundle(id_: ActionId, actor: Actor, proposal: Proposal, shown: str, note: str) -> Action:
    """The action. `shown` is what differs (`differences`), `note` why, in the proposer's words."""
    resource = Resource(ResourceKind.CONNECTION, f"{ITSELF.name}/bundle/{proposal.rules}")
    return Action(
        id=id_,
        actor=actor,
        connection=ITSELF,
        asks=(Ask(POLICY_LOAD, resource),),
        payload=payload_of(proposal),
        cover=cover_of(proposal),
        form={"kind": "bundle", "rules": proposal.rules, "previous": proposal.previous, "key": proposal.key},
        exposures=(Exposure(),),
        templates=(Template((shown,), ()),),
        reason_given=note,
    )


def told(action: Action) -> dict[str, JsonValue]:
    """What an entry says of it. The sources aren't in it: they are in the ledger once they are in force."""
    return {
        "connection": action.connection.name,
        "verbs": [ask.verb for ask in action.asks],
        "resources": [ask.resource.id for ask in action.asks],
        "labels": [],
        "filters": [],
        "writes": [],
        "statements": [],
    }


def name_mistakes(sources: Mapping[str, str]) -> list[str]:
    """A sentence for each name that no file of a bundle has."""
    return [f"{name[:MAX_NAME]!a}: this can't be the name of a source" for name in sources if not _is_name(name)]


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """All that differs, tool by tool and then file by file; empty when nothing does. A line that starts with `=== ` is
    ours, all others start with `-`, `+`, a space or `@@`, so no source can look like another file's."""
    lines = list(_tools(old, new))
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before != after:
            how = "new" if before is None else "removed" if after is None else "changed"
            lines += [f"=== {name}: {how}", *_hunks(_lines(before), _lines(after))]
    return "\n".join(lines)


def _tools(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """What changed about each tool, which the difference of a long file doesn't say. Changes that let more through come
    with that word."""
    try:
        found = compare_tools(old, new)
    except PolicyMistakes:
        yield "=== tools: these can't be compared one by one"
        return
    for change in found.changes:
        yield f"=== tool {_on_a_line(change.tool)}: {_WORDS[change.kind]}, {WAYS[change.direction]}"
        for detail in change.details:
            way = f", {WAYS[detail.direction]}" if change.kind is Kind.CHANGED else ""
            yield f"=== tool {_on_a_line(change.tool)}: {_on_a_line(detail.what)}{way}"
            if detail.before and detail.after:
                yield from _hunks(_lines(detail.before), _lines(detail.after))
            else:
                yield from (f"-{line}" for line in _lines(detail.before or None))
                yield from (f"+{line}" for line in _lines(detail.after or None))


def _on_a_line(name: str) -> str:
    """A server's word for a tool, or a key of its schema, where a line is ours."""
    return ascii(name)[1:-1]


def _is_name(name: str) -> bool:
    folder = next((each for each in _FOLDERS if name.startswith(each)), "")
    name = name.removeprefix(folder)
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name[0] != "." and not {"/", "\\"} & set(name)


def _lines(text: str | None) -> list[str]:
    """A carriage return is shown, since a line end that only a machine sees may matter. No two texts look alike: what
    looks like one that is shown is shown itself."""
    return [] if text is None else text.replace("⟨", "⟨U+27E8⟩").replace("\r", "⟨U+000D⟩").split("\n")


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    if _work(old, new) <= MAX_WORK:
        yield from list(difflib.unified_diff(old, new, lineterm=""))[2:]
        return
    yield f"@@ -1,{len(old)} +1,{len(new)} @@"
    yield from (f"-{line}" for line in old)
    yield from (f"+{line}" for line in new)


def _work(old: Sequence[str], new: Sequence[str]) -> int:
    """How many pairs of lines lie between the equal beginnings and the equal ends."""

    def same(pairs: Iterator[tuple[str, str]]) -> int:
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    both = same(zip(old, new, strict=False)) + same(zip(reversed(old), reversed(new), strict=False))
    return max(len(old) - both, 0) * max(len(new) - both, 0)
