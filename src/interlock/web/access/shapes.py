"""The bodies of AuthZEN's calls, read strictly: what isn't understood is refused (`MalformedInput`, 400)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from interlock.actions.from_access import MAX_VALUES, Evaluation, Object, read_evaluation
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.jcs import Json
from interlock.model.release import Outcome
from interlock.web.access.binding import MAX_TOKEN

MAX_EVALUATIONS: Final = 50
MAX_BATCH_VALUES: Final = 10_000  # of all evaluations together, each with the defaults filled in
MAX_BESIDE: Final = 64  # values of a submission beside its evaluation; we take a dozen
MAX_URL: Final = 2048  # characters
_PARTS: Final = ("subject", "action", "resource", "context")
_DENIAL: Final = frozenset({"evaluation_id", "evaluated_at", "expires_at", "reason", "binding_token", "template"})


class Semantics(StrEnum):
    """When a batch stops (Authorization API 1.0, "Evaluations semantics")."""

    ALL = "execute_all"
    DENY = "deny_on_first_deny"
    PERMIT = "permit_on_first_permit"


@dataclass(frozen=True, slots=True)
class Batch:
    """Evaluations with the defaults filled in, each read or what is wrong with it; `single` if there was no list."""

    evaluations: Sequence[Evaluation | MalformedInput]
    semantics: Semantics = Semantics.ALL
    single: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to have a denied evaluation reviewed: what was denied, and the proof that it was."""

    asked: Evaluation
    binding_token: str
    expires_at: str
    callback: str = ""


def read_one(body: bytes) -> Evaluation:
    """An access evaluation request."""
    return read_evaluation(jcs.read(body, most_values=MAX_VALUES))


def read_batch(body: bytes) -> Batch:
    """An access evaluations request: the members at the top are defaults for each in the list."""
    whole = _object(
        jcs.read(body, most_values=MAX_BATCH_VALUES), "the body", frozenset({*_PARTS, "evaluations", "options"})
    )
    options = _object(whole.get("options", {}), "options", frozenset({"evaluations_semantic"}))
    defaults = {name: whole[name] for name in _PARTS if name in whole}
    listed = whole.get("evaluations", [])
    if not isinstance(listed, list) or len(listed) > MAX_EVALUATIONS:
        raise MalformedInput(f"evaluations must be a list of at most {MAX_EVALUATIONS}")
    if not listed:
        return Batch([read_evaluation(defaults)], single=True)
    semantics = options.get("evaluations_semantic", Semantics.ALL)
    if not isinstance(semantics, str) or semantics not in list(Semantics):
        raise MalformedInput(f"options.evaluations_semantic must be one of {', '.join(Semantics)}")
    filled = [{**defaults, **each} if isinstance(each, Mapping) else each for each in listed]
    if sum(jcs.values_in(each, MAX_VALUES) for each in filled) > MAX_BATCH_VALUES:
        raise MalformedInput(f"evaluations of more than {MAX_BATCH_VALUES} values, with the defaults filled in")
    return Batch([_each(each) for each in filled], Semantics(semantics))


def read_submission(body: bytes) -> Submission:
    """An access request. Bundles, durations and emergencies aren't taken: policy alone says for how long."""
    known = frozenset({*_PARTS, "denial", "client", "callback", "requested_access"})
    whole = _object(jcs.read(body, most_values=MAX_VALUES + MAX_BESIDE), "the body", known)
    denial = _object(whole.get("denial", {}), "denial", _DENIAL)
    if whole.get("requested_access"):
        raise MalformedInput("requested_access isn't taken: policy says for how long an approval holds")
    if "client" in whole:
        client = _object(whole["client"], "client", frozenset({"id", "name", "source"}))  # claims: used for nothing
        for name in client:
            _text(client, name, MAX_TOKEN)
    for name in denial:
        _text(denial, name, MAX_TOKEN)
    asked = read_evaluation({name: whole[name] for name in _PARTS if name in whole})
    return Submission(
        asked=replace(asked, approval=""),
        binding_token=_said(denial, "binding_token"),
        expires_at=_said(denial, "expires_at"),
        callback=_callback(whole["callback"]) if "callback" in whole else "",
    )


def read_outcome(body: bytes) -> tuple[str, Outcome]:
    """An outcome token, and how it ended: what isn't known needn't be said."""
    whole = _object(jcs.read(body, most_values=MAX_BESIDE), "the body", frozenset({"token", "outcome"}))
    said = _text(whole, "outcome", MAX_TOKEN)
    if said not in (Outcome.SUCCEEDED, Outcome.FAILED):
        raise MalformedInput("outcome must be succeeded or failed")
    return _text(whole, "token", MAX_TOKEN), Outcome(said)


def _each(value: Json) -> Evaluation | MalformedInput:
    if not isinstance(value, Mapping):
        return MalformedInput("an evaluation must be an object")
    try:
        return read_evaluation(value)
    except MalformedInput as wrong:
        return wrong


def _callback(value: Json) -> str:
    return _text(_object(value, "callback", frozenset({"endpoint"})), "endpoint", MAX_URL)


def _object(value: Json, what: str, known: frozenset[str]) -> Object:
    if not isinstance(value, Mapping):
        raise MalformedInput(f"{what} must be an object")
    if not known.issuperset(value):
        raise MalformedInput(f"{what} has a member that isn't taken; taken are {', '.join(sorted(known))}")
    return value


def _said(denial: Object, name: str) -> str:
    """What was echoed, "" for nothing: then nothing is bound, and the request is refused for that."""
    return _text(denial, name, MAX_TOKEN) if name in denial else ""


def _text(part: Object, name: str, most: int) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise MalformedInput(f"{name} must be a text of 1 to {most} characters")
    return value
