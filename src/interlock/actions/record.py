"""What an entry tells of an action, and the action as far as such an entry tells it.

`told` is all that policy was asked, without a value in it; `recalled` makes of it an action that policy can be asked
about once more, under another bundle. Payload, arguments and the reason's words aren't recorded, so they aren't there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from interlock.errors import NotUnderstood
from interlock.model.action import Action, Ask, EnforcedBy
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue, encode
from interlock.model.connection import Connection
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Reason
from interlock.model.exposure import Exposure, Output, WrittenColumn
from interlock.model.impact import about
from interlock.model.label import Label, upward
from interlock.model.names import ActionId, PolicyId, Verb
from interlock.model.obligation import Obligations
from interlock.model.payload import SqlPayload
from interlock.model.recent import ANY_COLUMN
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.review import Review
from interlock.model.template import Template

# Bytes of each list in one entry as JSON writes it; an entry holds 65,535 in all (ledger.md 1.2).
MAX_TEXTS = 12_000
MAX_COLUMNS = 4_000
_QUOTES = 3  # and the comma

_EMPTY_ROW = len(encode({"verb": "", "kind": "", "resource": "", "labels": ""})) + 1

_FLAGS = ("unbounded", "opaque", "reason", "ticket", "cappable", "refused", "input")


def told(action: Action) -> dict[str, JsonValue]:
    """Connection, verbs, resources, labels, templates; and `asked`, `flags` and `reveals`, which policy goes by."""
    exposure = action.exposure
    facts: dict[str, JsonValue] = {
        "connection": action.connection.name,
        "verbs": sorted({ask.verb for ask in action.asks}),
        "resources": _bounded(sorted({ask.resource.id for ask in action.asks})),
        "labels": sorted(exposure.labels),
        "filters": sorted(exposure.filters),
        "probes": sorted(exposure.probes),
        "writes": sorted(exposure.writes),
        "statements": _bounded(list(dict.fromkeys(t.stored for t in action.templates))),  # an executemany is one text
        "asked": _asked(action.asks),
        "flags": _flags(action),
    }
    if exposure.written:
        facts["written"] = _listed((f"{','.join(sorted(w.labels))} {w.column}" for w in exposure.written), "")
    if action.rows_estimate is not None:
        facts["rows_estimate"] = about(action.rows_estimate)
    if action.reveals:
        facts["reveals"] = _listed((f"{each.column} {each.label}" for each in sorted(action.reveals)), "")
    return facts


def released_told(
    action: Action, obligations: Obligations, decision: Allow | NeedsReview, review: Review | None
) -> dict[str, JsonValue]:
    """What a release says: all of `told`, what must hold, and who let it run."""
    d: dict[str, JsonValue] = {
        **told(action),
        "masks": sorted(obligations.mask),
        "review": review.id if review else "",
        "digest": review.digest if review else "",
        "bundle": decision.bundle,
        **observed_told(decision.observed),
    }
    if masked := _masked(action, obligations):
        d["masked"] = masked
    if obligations.row_cap is not None:
        d["row_cap"] = obligations.row_cap
    return d


def _masked(action: Action, obligations: Obligations) -> list[JsonValue]:
    """The columns that are shown masked, by name: as many as there is room for, then `*`, which stands for any."""
    if obligations.observing:
        return []
    plain = {o.plain: o.labels for o in action.exposure.outputs if o.plain and upward(o.labels) & obligations.mask}
    held = (name for name, labels in plain.items() if any(Reveal(name, x) not in obligations.reveal for x in labels))
    return _listed(sorted(held), ANY_COLUMN)


def recalled(
    id: ActionId,
    d: Mapping[str, Any],
    masks: Iterable[Label],
    actor: Actor,
    connection: Connection,
    enforced: EnforcedBy,
) -> Action:
    """The action that `told` told of in an entry's `d`; `masks` are the labels of what it would have shown.

    Raises `NotUnderstood` when the entry doesn't tell all: one from before `asked` was recorded, one whose lists were
    cut, or a tool's call, whose arguments no entry holds.
    """
    if "asked" not in d or _is_cut(d["asked"]) or "" in d.get("reveals", ()) or "" in d.get("written", ()):
        raise NotUnderstood("the entry doesn't tell all that policy was asked", code="not_recorded")
    flags = frozenset(d["flags"])
    if "input" in flags:
        raise NotUnderstood("the arguments of a call aren't recorded", code="not_recorded")
    asks = tuple(_ask(row) for row in d["asked"])
    exposure = Exposure(
        outputs=(Output("", 0, frozenset(masks), None),),
        labels=_labels(d["labels"]),
        filters=_labels(d.get("filters", ())),
        probes=_labels(d.get("probes", d.get("filters", ()))),  # before they were told apart, all counted
        writes=_labels(d.get("writes", ())),
        unbounded="unbounded" in flags,
        opaque="opaque" in flags,
        written=tuple(map(_written, d.get("written", ()))),
    )
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=asks,
        payload=SqlPayload(()),
        cover={},
        form={},
        exposures=(exposure,),
        templates=tuple(Template((text,), ()) for text in d["statements"]),
        reason_given="recorded" if "reason" in flags else "",
        ticket_given="recorded" if "ticket" in flags else "",
        refusal="refused when it was recorded" if "refused" in flags else None,
        enforced_by=enforced,
        reveals=frozenset(_reveal(text) for text in d.get("reveals", ())),
        cappable="cappable" in flags,
        rows_estimate=d.get("rows_estimate"),
    )


def _asked(asks: Sequence[Ask]) -> list[JsonValue]:
    """A row for each ask, as many as there is room for; a last row without a verb says that some were left out."""
    rows: list[JsonValue] = []
    room = MAX_TEXTS
    for ask in asks:
        labels = " ".join(sorted(ask.resource.labels))
        row = {"verb": ask.verb, "kind": ask.resource.kind.value, "resource": ask.resource.id, "labels": labels}
        room -= _EMPTY_ROW + sum([_size(text) - _QUOTES for text in row.values()])
        if room < 0:
            return [*rows, {"verb": "", "kind": "", "resource": "", "labels": ""}]
        rows.append(row)
    return rows


def _listed(every: Iterable[str], more: str) -> list[JsonValue]:
    """As many texts as there is room for; where some were left out, `more` comes last."""
    texts: list[JsonValue] = []
    room = MAX_COLUMNS
    for text in every:
        room -= _size(text)
        if room < 0:
            return [*texts, more]
        texts.append(text)
    return texts


def _is_cut(rows: Sequence[Mapping[str, str]]) -> bool:
    return any(not row["verb"] for row in rows)


def _ask(row: Mapping[str, str]) -> Ask:
    labels = _labels(row["labels"].split())
    return Ask(Verb(row["verb"]), Resource(ResourceKind(row["kind"]), row["resource"], labels))


def _flags(action: Action) -> list[str]:
    exposure = action.exposure
    held = (
        exposure.unbounded,
        exposure.opaque,
        bool(action.reason_given.strip()),
        bool(action.ticket_given.strip()),
        action.cappable,
        action.refusal is not None,
        action.input is not None,
    )
    return [flag for flag, holds in zip(_FLAGS, held, strict=True) if holds]


def reasons_told(reasons: tuple[Reason, ...]) -> list[JsonValue]:
    """What an entry tells of a decision's reasons: no sentence."""
    return [{"code": r.code, "policy": r.policy or ""} for r in reasons]


def observed_told(policies: tuple[PolicyId, ...]) -> dict[str, JsonValue]:
    """And of the @observe policies that would have stood in the way."""
    return {"observed": list(policies)} if policies else {}


def only_observed(action: Action) -> bool:
    """Whether nothing is stopped here. What we couldn't read we couldn't run either, so that stays refused."""
    return action.connection.unsafe_observe and action.refusal is None


def would_mask(decision: Decision) -> frozenset[Label]:
    """What would have been masked."""
    return frozenset() if isinstance(decision, Deny) else decision.obligations.mask


def _written(text: str) -> WrittenColumn:
    """A column's name may hold spaces, and a label none."""
    labels, _, column = text.partition(" ")
    return WrittenColumn(column, _labels(labels.split(",")))


def _reveal(text: str) -> Reveal:
    column, _, label = text.rpartition(" ")
    return Reveal(column, Label(label))


def _labels(texts: Iterable[str]) -> frozenset[Label]:
    return frozenset(map(Label, texts))


def _bounded(texts: list[str], room: int = MAX_TEXTS) -> list[str]:
    """As many of the texts as an entry has room for, the last cut; then how many bytes were left out."""
    kept: list[str] = []
    for text in texts:
        cut = _cut(text, room)
        if cut:
            kept.append(cut)
        room -= _size(cut) if cut else 0
    left_out = sum(len(t.encode()) for t in texts) - sum(len(t.encode()) for t in kept)
    return [*kept, f"... and {left_out} bytes more"] if left_out else kept


def _cut(text: str, room: int) -> str:
    """The text, or as much of it as fits in any case: JSON writes a control character as six."""
    if _size(text) <= room:
        return text
    escapes = _size(text) > len(text.encode()) + _QUOTES
    return text.encode()[: max(0, (room - _QUOTES) // (6 if escapes else 1))].decode(errors="ignore")


def _size(text: str) -> int:
    """The bytes that JSON takes for it, and the comma."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return len(text) + _QUOTES
    return len(encode(text)) + 1
