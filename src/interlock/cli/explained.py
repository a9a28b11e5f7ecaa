"""An explanation as `interlock policy explain` prints it, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from interlock.cli.policy_asking import Asked
from interlock.policy.explain import Counterfactual, Explanation, Request, Signing, Spoke
from interlock.policy.outcomes import Verdict
from interlock.policy.trials import Trial

FORMAT: Final = "interlock/policy-explain/v1"

_PHRASES: Final = {
    Trial.WITHOUT_LABEL: "without the label {}",
    Trial.FLAG: "with {}",
    Trial.REASON: "with a reason {}",
    Trial.TICKET: "with a ticket {}",
    Trial.WITHOUT_REVEAL: "without revealing {}",
    Trial.IN_GROUP: "in the group {}",
    Trial.SIGNED: "signed by {}",
}


def lines(asked: Asked, found: Explanation) -> Iterator[str]:
    """The explanation for people."""
    action, verdict = asked.action, found.verdict
    yield f"{verdict.outcome.value}: {action.actor.id} on {action.connection.name}"
    yield from (f"  {reason.sentence}{f' ({reason.policy})' if reason.policy else ''}" for reason in found.reasons)
    yield from (f"  statement: {template.stored}" for template in action.templates)
    yield from (f"  not all of it could be read: {because}" for because in action.exposure.opaque_because)
    yield from (f"  masked on its way out: {', '.join(found.masked)}" for _ in found.masked[:1])
    yield from (f"  under: {each}" for each in verdict.under)
    if found.signing is not None:
        yield from _signing(found.signing)
    yield from (f"  @observe would have stopped it: {policy}" for policy in found.observed)
    for request in found.requests:
        yield from _request(request)
    yield "what would change it:" if found.changes else f"nothing tried would change it ({found.tried} changes tried)"
    yield from (f"  {_change(change)}" for change in found.changes)
    if asked.bundle.reads_recent:
        counted = "as the case says" if asked.recent.day.actions else "as if it had done nothing lately"
        yield f"note: policies ask what the actor did lately; decided {counted}"


def document(asked: Asked, found: Explanation) -> Mapping[str, Any]:
    """The explanation for programs."""
    action = asked.action
    return {
        "format": FORMAT,
        "bundle": asked.bundle.digest,
        "actor": action.actor.id,
        "on_behalf_of": [link.id for link in action.actor.chain],
        "connection": action.connection.name,
        "statements": [template.stored for template in action.templates],
        "labels": sorted(action.exposure.labels),
        "opaque_because": list(action.exposure.opaque_because),
        **_verdict(found.verdict),
        "reasons": [{"code": r.code, "policy": r.policy or "", "sentence": r.sentence} for r in found.reasons],
        "masked": list(found.masked),
        "signing": _signing_document(found.signing),
        "observed": list(found.observed),
        "requests": [_request_document(request) for request in found.requests],
        "changes": [
            {"change": change.trial.value, "what": change.what, **_verdict(change.verdict)} for change in found.changes
        ],
        "tried": found.tried,
    }


def _signing(signing: Signing) -> Iterator[str]:
    yield f"  needs {signing.needs} ({'; '.join(signing.terms)})"
    for group, people in signing.eligible:
        yield f"  of {group} may sign: {', '.join(people) or 'nobody'}"
    if not signing.possible:
        yield "  those people can't meet it, so it would be refused when it is asked"


def _request(request: Request) -> Iterator[str]:
    what = (
        f"reveal {request.reveal} of {request.resource}" if request.reveal else f"{request.verb} on {request.resource}"
    )
    yield f"{request.actor} asks for {what}:"
    if request.error:
        yield "  a policy could not be evaluated, which denies"
    for spoke in request.spoke:
        yield f"  {_spoke(spoke)}"
    if not request.spoke:
        yield "  no policy spoke, so it is denied"


def _spoke(spoke: Spoke) -> str:
    because = f": {spoke.because}" if spoke.because else ""
    return f'{spoke.voice.value} "{spoke.policy}" ({spoke.file}:{spoke.line}){because}'


def _change(change: Counterfactual) -> str:
    after = change.verdict
    needs = f", for {after.needs}" if after.needs else ""
    by = f" ({', '.join(after.policies)})" if after.policies and change.trial is not Trial.SIGNED else ""
    owed = f", under {', '.join(after.under)}" if after.under else ""
    return f"{_PHRASES[change.trial].format(change.what)}: {after.outcome.value}{needs}{owed}{by}"


def _verdict(verdict: Verdict) -> Mapping[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "codes": list(verdict.codes),
        "policies": list(verdict.policies),
        "needs": verdict.needs,
        "under": list(verdict.under),
    }


def _signing_document(signing: Signing | None) -> Mapping[str, Any] | None:
    if signing is None:
        return None
    return {
        "needs": signing.needs,
        "terms": list(signing.terms),
        "eligible": {group: list(people) for group, people in signing.eligible},
        "possible": signing.possible,
    }


def _request_document(request: Request) -> Mapping[str, Any]:
    return {
        "actor": request.actor,
        "kind": request.kind.value,
        "verb": request.verb,
        "resource": request.resource,
        "reveal": request.reveal,
        "error": request.error,
        "spoke": [
            {"policy": s.policy, "voice": s.voice.value, "because": s.because, "file": s.file, "line": s.line}
            for s in request.spoke
        ],
    }
