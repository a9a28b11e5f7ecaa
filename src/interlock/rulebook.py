"""The bundles that are loaded, of which one is in force: the one that the newest signed policy.loaded entry names.

Putting another in force is therefore one entry. A bundle is loaded and checked before that entry is written, so nothing
is ever decided by half of each; and where an entry names a bundle that isn't loaded here, nothing is decided at all.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from interlock.actions.mentioning import with_own
from interlock.errors import PolicyMistakes
from interlock.ledger import texts as ledger_texts
from interlock.ledger.authority import Authority
from interlock.model.action import Action
from interlock.model.decision import Decision, Deny
from interlock.model.names import Digest
from interlock.policy.reasons import SIZE_UNKNOWN
from interlock.policy.requests import principals
from interlock.ports import Clock, Policy, Recents

KEPT: Final = 4  # the one in force, the one before it, and what is about to be
MAX_BYTES: Final = 1_000_000  # of a bundle's names and texts in UTF-8: they go into the ledger in one unit
MAX_FILES: Final = 100
_NO_TEXT: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]|\r(?!\n)"
)  # JSON makes six of one, or can't


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checked bundle with its texts: `texts` holds every source by name, and under `RULES` what `rules` is of."""

    rules: Digest
    policy: Policy
    texts: Mapping[str, str]

    @property
    def sources(self) -> Mapping[str, str]:
        """The files alone."""
        return ledger_texts.sources(self.texts)


def loaded(policy: Policy, sources: Mapping[str, str], catalogs: Mapping[str, str]) -> Loaded:
    """A bundle just loaded from `sources`, to be pinned together with the digests of the catalogs, by connection.

    A label taken out of a catalog lets values out as surely as a permit does, so both are pinned as one.
    """
    rules = ledger_texts.rules_text(policy.digest, catalogs)
    return Loaded(ledger_texts.rules_digest(rules), policy, {**sources, ledger_texts.RULES: rules})


def check_size(sources: Mapping[str, str]) -> None:
    """Raises `PolicyMistakes` for more than the ledger takes in one unit, and for characters that it can't take."""
    mistakes = []
    size = sum(len(text.encode(errors="replace")) for pair in sources.items() for text in pair)
    if size > MAX_BYTES:
        mistakes.append(f"the policies have {size:,} bytes in all, and a bundle has at most {MAX_BYTES:,}")
    if len(sources) > MAX_FILES:
        mistakes.append(f"there are {len(sources)} files, and a bundle has at most {MAX_FILES}")
    for name in sorted(sources):
        if _NO_TEXT.search(sources[name]):
            mistakes.append(f"{name}: there is a control character in it, which no policy needs")
    if mistakes:
        raise PolicyMistakes(mistakes)


class LoadedRules:
    """Bundles by the digest of the rules that they are part of. Satisfies `ports.Rulebook`."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._loaded: OrderedDict[Digest, tuple[Policy, Mapping[str, str] | None]] = OrderedDict()

    def current(self) -> Policy | None:
        """The bundle in force; None when it isn't loaded."""
        named = self._authority.bundle
        found = None if named is None else self._loaded.get(Digest(named))
        return None if found is None else found[0]

    def sources(self, rules: Digest) -> Mapping[str, str] | None:
        """What a bundle was loaded from; None when it isn't loaded, or was loaded without them."""
        found = self._loaded.get(rules)
        return None if found is None else found[1]

    def load(self, rules: Digest, policy: Policy, sources: Mapping[str, str] | None = None) -> None:
        """Takes a checked bundle, which is in force only once an entry says so; forgets the oldest that isn't."""
        self._loaded[rules] = policy, sources
        self._loaded.move_to_end(rules)
        for digest in list(self._loaded):
            if len(self._loaded) > KEPT and digest not in (self._authority.bundle, rules):
                del self._loaded[digest]


def is_denial(decision: Decision) -> bool:
    """Whether it stays one, whatever is known later: how many rows it is may not have been asked yet."""
    return isinstance(decision, Deny) and any(reason.code != SIZE_UNKNOWN for reason in decision.reasons)


def by_own_writes(action: Action, recents: Recents, clock: Clock) -> Action:
    """The action by what who asks wrote lately: tests by values of its own choice are guesses."""
    if not any(each.mentions for each in action.exposures):
        return action
    return with_own(action, recents.wrote([each.id for each in principals(action.actor)], clock.now()))
