"""A bundle: all policies in force, checked when loaded, so that a mistake is an error at start-up and not a hole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import cedarpy
from cedarpy import pst

from interlock.errors import PolicyMistakes
from interlock.model.action import Action
from interlock.model.decision import Allow, Decision, Deny
from interlock.model.label import Label
from interlock.model.names import Digest, GroupName, PolicyId
from interlock.policy import reasons
from interlock.policy.cache import DecisionCache
from interlock.policy.checks import Rule, check
from interlock.policy.decide import Rules, decide
from interlock.policy.reads import context_reads
from interlock.policy.schema import schema_text
from interlock.policy.statements import Mistake, split
from interlock.policy.surroundings import Surroundings

_DOMAIN = b"interlock/bundle/v1\0"


class Bundle:
    """The loaded policies; satisfies `ports.Policy`."""

    def __init__(self, rules: Rules, reads: frozenset[str]) -> None:
        self._rules = rules
        self._cache = DecisionCache(reads)

    @property
    def digest(self) -> Digest:
        """SHA-256 (hex) of the sources: `bundle_digest`."""
        return self._rules.digest

    @property
    def policies(self) -> frozenset[PolicyId]:
        """The ids of all policies in it."""
        return frozenset(self._rules.annotations)

    def decide(self, action: Action, now: datetime) -> Decision:
        """What policy says of an action at `now` (with a zone). Never raises: any error inside is a `Deny`."""
        try:
            key = self._cache.key(action)
            remembered = self._cache.get(key)
            if remembered is not None:
                return remembered
            decision = decide(self._rules, action, now)
            if isinstance(decision, Allow):
                self._cache.keep(key, decision)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic in Cedar's native code isn't an Exception, and mustn't be an Allow either
            return Deny((reasons.policy_error(),), self._rules.digest)
        return decision


def load(
    sources: Mapping[str, str],
    groups: Mapping[GroupName, int],
    known_labels: frozenset[Label] = frozenset(),
    around: Surroundings | None = None,
) -> Bundle:
    """The bundle of these sources (file name -> text).

    `groups` gives every group that exists and how many people are in it; `known_labels` every label there is: coarse
    ones are closed downward over them, and a policy that tests for any other is mistaken. `around` gives the
    connections and actors that policies may name (None: that isn't looked at). Raises `PolicyMistakes` with
    every mistake, each `file:line: sentence`.
    """
    schema = cedarpy.Schema.from_str(schema_text())
    rules = read_rules(sources, groups, known_labels, around)
    compiled = Rules(
        annotations={rule.annotations.id: rule.annotations for rule in rules},
        whole=_policy_set(rules),
        unlifted=_policy_set(rule for rule in rules if not rule.is_lifted),
        schema=schema,
        known_labels=known_labels,
        digest=bundle_digest(sources),
    )
    return Bundle(compiled, context_reads(rule.tree for rule in rules))


def read_rules(
    sources: Mapping[str, str],
    groups: Mapping[GroupName, int],
    known_labels: frozenset[Label],
    around: Surroundings | None,
) -> list[Rule]:
    """The checked rules of these sources, as `load` takes and raises."""
    schema = cedarpy.Schema.from_str(schema_text())
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    for file in sorted(sources):
        for statement in split(file, sources[file]):
            rule, found = check(statement, schema, groups, known_labels, around)
            mistakes.extend(found)
            if rule is not None:
                rules.append(rule)
    mistakes.extend(_repeated(rules))
    if mistakes:
        raise PolicyMistakes([str(mistake) for mistake in sorted(mistakes)])
    return rules


def bundle_digest(sources: Mapping[str, str]) -> Digest:
    """SHA-256 (hex) of a domain and, for each source by name, name and text in UTF-8, each after its length (8 bytes,
    big-endian)."""
    hashed = hashlib.sha256(_DOMAIN)
    for name in sorted(sources):
        for part in (name.encode(), sources[name].encode()):
            hashed.update(len(part).to_bytes(8, "big") + part)
    return Digest(hashed.hexdigest())


def _repeated(rules: Iterable[Rule]) -> Iterable[Mistake]:
    first: dict[str, Rule] = {}
    for rule in rules:
        policy, at = rule.annotations.id, rule.statement
        earlier = first.setdefault(policy, rule)
        if policy and earlier is not rule:
            where = f"{earlier.statement.file}:{earlier.statement.line_of('id')}"
            yield Mistake(at.file, at.line_of("id"), f'the @id "{policy}" is already that of the policy at {where}')


def _policy_set(rules: Iterable[Rule]) -> cedarpy.PolicySet:
    trees = {rule.tree.id: rule.tree for rule in rules}
    return cedarpy.PolicySet.from_pst(pst.PolicySet(pst.FrozenMap(), pst.FrozenMap(trees), ()))
