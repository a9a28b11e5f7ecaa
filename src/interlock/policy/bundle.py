"""A bundle: all policies in force, checked when loaded, so that a mistake is an error at start-up and not a hole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from types import MappingProxyType

import cedarpy
from cedarpy import pst

from interlock.errors import MalformedInput, PolicyMistakes
from interlock.model.action import Action
from interlock.model.decision import Allow, Decision, Deny
from interlock.model.label import Label
from interlock.model.names import Digest, PolicyId
from interlock.model.offer import Offer
from interlock.model.recent import QUIET, Recent
from interlock.model.tool import Tool
from interlock.policy import reasons
from interlock.policy.cache import DecisionCache
from interlock.policy.checks import Rule, check, invalid
from interlock.policy.decide import Heard, Rules, decide, hear
from interlock.policy.obligations import looked_at
from interlock.policy.reads import context_reads, words_in
from interlock.policy.schema import UNKNOWN, schema_text
from interlock.policy.statements import Mistake, split
from interlock.policy.surroundings import Members, Surroundings

_DOMAIN = b"interlock/bundle/v1\0"
_NO_LENGTH = b"\xff" * 8  # where a source's name would have its length, and no text is so long
_OFFER = b"\xff" * 7 + b"\xfe"


class Bundle:
    """The loaded policies; satisfies `ports.Policy`."""

    def __init__(self, rules: Rules, reads: frozenset[str]) -> None:
        self._rules = rules
        self._reads = reads
        self._cache = DecisionCache(reads | looked_at(each.asks for each in rules.annotations.values()))

    @property
    def digest(self) -> Digest:
        """SHA-256 (hex) of the sources and pinned tools: `bundle_digest`."""
        return self._rules.digest

    @property
    def policies(self) -> frozenset[PolicyId]:
        """The ids of all policies in it."""
        return frozenset(self._rules.annotations)

    @property
    def rules(self) -> Rules:
        """The policies as they were read: for explaining, not for changing."""
        return self._rules

    @property
    def reads(self) -> frozenset[str]:
        """The attributes of the context that any policy looks at, @observe or not."""
        return self._reads

    @property
    def reads_recent(self) -> bool:
        """Whether any policy asks what the actor did lately."""
        return "recent" in self._reads

    @property
    def reads_estimate(self) -> bool:
        """Whether any policy asks about how many rows it is."""
        return not self._reads.isdisjoint(("rows_estimate", "estimated"))

    def decide(self, action: Action, now: datetime, recent: Recent = QUIET) -> Decision:
        """What policy says of an action at `now` (with a zone). Never raises: any error inside is a `Deny`."""
        try:
            key = self._cache.key(action)
            remembered = self._cache.get(key)
            if remembered is not None:
                return remembered
            decision = decide(self._rules, action, now, recent)
            if isinstance(decision, Allow):
                self._cache.keep(key, decision)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic in Cedar's native code isn't an Exception, and mustn't be an Allow either
            return Deny((reasons.policy_error(),), self._rules.digest)
        return decision

    def hear(self, action: Action, now: datetime, recent: Recent = QUIET) -> tuple[Heard, ...]:
        """Every policy that spoke, request by request, whatever the others said; for explaining what `decide` says.

        Never raises: what can't be asked is nothing heard, and `decide` denies it. Nothing here is remembered.
        """
        try:
            return hear(self._rules, action, now, recent)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # as above
            return ()


def load(
    sources: Mapping[str, str],
    groups: Members,
    known_labels: frozenset[Label] = frozenset(),
    around: Surroundings | None = None,
    *,
    tools: Sequence[Tool] = (),
    offers: Sequence[Offer] = (),
    zone: tzinfo = UTC,
) -> Bundle:
    """The bundle of these sources (file name -> text).

    `groups` gives every group that exists and the people in it; `known_labels` every label there is: coarse
    ones are closed downward over them, and a policy that tests for any other is mistaken. `around` gives the
    connections and actors that policies may name (None: that isn't looked at), `tools` those that are pinned, whose
    arguments policies can read, `offers` the resources and prompts that are; `context.hour` is in `zone`. Raises
    `PolicyMistakes` with every mistake, each `file:line: sentence`.
    """
    schema = _schema(tools)
    rules = _read(sources, groups, known_labels, around, tools, schema)
    watched = [rule for rule in rules if rule.annotations.observed]
    compiled = Rules(
        annotations=MappingProxyType({rule.annotations.id: rule.annotations for rule in rules}),
        sources_by_id=MappingProxyType({rule.annotations.id: rule for rule in rules}),
        obeyed=_policy_set(rule for rule in rules if not rule.annotations.observed),
        observed=_policy_set(watched) if watched else None,
        permits=frozenset(rule.annotations.id for rule in rules if rule.permits),
        lifted=frozenset(rule.annotations.id for rule in rules if rule.is_lifted),
        schema=_schema(tools, UNKNOWN),
        known_labels=known_labels,
        tools=MappingProxyType({tool.id: tool for tool in tools}),
        zone=zone,
        digest=bundle_digest(sources, tools, offers),
        offers=tuple(offers),
        words=words_in(rule.tree for rule in rules),
    )
    return Bundle(compiled, context_reads(rule.tree for rule in rules))


def read_rules(
    sources: Mapping[str, str],
    groups: Members,
    known_labels: frozenset[Label],
    around: Surroundings | None,
    tools: Sequence[Tool] = (),
) -> list[Rule]:
    """The checked rules of these sources, as `load` takes and raises."""
    return _read(sources, groups, known_labels, around, tools, _schema(tools))


def _read(
    sources: Mapping[str, str],
    groups: Members,
    known_labels: frozenset[Label],
    around: Surroundings | None,
    tools: Sequence[Tool],
    schema: cedarpy.Schema,
) -> list[Rule]:
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    for file in sorted(sources):
        for statement in split(file, sources[file]):
            rule, found = check(statement, groups, known_labels, around, tools)
            mistakes.extend(found)
            if rule is not None:
                rules.append(rule)
    mistakes.extend(invalid(rules, schema, tools))
    mistakes.extend(_repeated(rules))
    if mistakes:
        raise PolicyMistakes([str(mistake) for mistake in sorted(mistakes)])
    return rules


def bundle_digest(sources: Mapping[str, str], tools: Sequence[Tool] = (), offers: Sequence[Offer] = ()) -> Digest:
    """SHA-256 (hex) of a domain and, for each source by name, name and text in UTF-8, each after its length (8 bytes,
    big-endian); then, for each pinned tool by its full name, 8 bytes of ones and the digest of its definition; and for
    each offer likewise, the last of the 8 bytes being 0xfe."""
    hashed = hashlib.sha256(_DOMAIN)
    for name in sorted(sources):
        for part in (name.encode(), sources[name].encode()):
            hashed.update(len(part).to_bytes(8, "big") + part)
    for tool in sorted(tools, key=lambda each: each.id):
        hashed.update(_NO_LENGTH + bytes.fromhex(tool.digest))
    for offer in sorted(offers, key=lambda each: each.id):
        hashed.update(_OFFER + bytes.fromhex(offer.digest))
    return Digest(hashed.hexdigest())


def _schema(tools: Sequence[Tool], unknown: frozenset[str] = frozenset()) -> cedarpy.Schema:
    try:
        for tool in tools:
            _ = tool.digest  # without one it could be swapped for another, and nobody would know
        return _parsed(schema_text(tools, unknown=unknown))
    except (MalformedInput, ValueError) as malformed:
        raise PolicyMistakes([f"pinned tools: {malformed}"]) from malformed


@lru_cache(maxsize=4)
def _parsed(schema: str) -> cedarpy.Schema:
    """The same text is the same schema; 8 ms each time otherwise, a third of what loading a few policies takes."""
    return cedarpy.Schema.from_str(schema)


def _repeated(rules: Iterable[Rule]) -> Iterable[Mistake]:
    first: dict[str, Rule] = {}
    for rule in rules:
        policy, at = rule.annotations.id, rule.statement
        earlier = first.setdefault(policy, rule)
        if policy and earlier is not rule:
            where = f"{earlier.statement.file}:{earlier.statement.line_of('id')}"
            yield Mistake(at.file, at.line_of("id"), f'the @id "{policy}" is already that of the policy at {where}')


def _policy_set(rules: Iterable[Rule]) -> cedarpy.PolicySet:
    """The rules as Cedar evaluates them, each as a permit: it then names every one that is satisfied (`decide`)."""
    trees = {rule.tree.id: replace(rule.tree, effect="permit") for rule in rules}
    return cedarpy.PolicySet.from_pst(pst.PolicySet(pst.FrozenMap(), pst.FrozenMap(trees), ()))
