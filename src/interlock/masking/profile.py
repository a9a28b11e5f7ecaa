"""A profile: which rule masks which label. Data; one file each in `profiles/`.

A key of `rules` is a label, with all beneath it, or `phi.*`: all beneath `phi` but not `phi` itself, which may stand
for any of them. The longest key that fits decides. What no key fits is redacted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from interlock.errors import Mistakes
from interlock.masking.rule import NOTHING_OF_IT, Choice, RuleName
from interlock.model.label import Label

REDACT: Final = Choice(RuleName.REDACT)
KEEP: Final = Choice(RuleName.KEEP)

_SECRETS: Final = "secret"
_BENEATH: Final = ".*"
_REMEMBERED: Final = 4096  # sets of labels: a look-up costs a tenth of finding the rule anew


@dataclass(frozen=True, slots=True)
class Profile:
    """Raises `Mistakes` when made with a rule that it doesn't allow, or with one for secrets that tells anything.

    `allowed`: the rules that labels may be given here, by changes and overrides too; KEEP is none that those can give.
    `reverses`: whether surrogates may be translated back for whoever has them. `drops_blobs`: values of bytes go,
    labelled or not.
    """

    name: str
    rules: Mapping[str, Choice]
    allowed: frozenset[RuleName]
    reverses: bool = False
    drops_blobs: bool = False
    _known: dict[frozenset[Label], Choice] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", MappingProxyType(dict(self.rules)))
        mistakes = [f"{key}: {said}" for key, choice in self.rules.items() if (said := self._against(key, choice))]
        if mistakes:
            raise Mistakes([f"the profile {self.name}, {each}" for each in mistakes])

    def _against(self, key: str, choice: Choice) -> str:
        if _is_secret(key) and choice.rule not in NOTHING_OF_IT:
            return f"a secret is redacted, nulled or dropped, never masked by {choice.rule}"
        if choice.rule is not RuleName.KEEP and choice.rule not in self.allowed:
            return f"{choice.rule} is a rule that isn't allowed here"
        return ""

    def choice(self, labels: Iterable[Label]) -> Choice:
        """The rule for a value with these labels (at least one): theirs if they have the same, else redaction.

        A coarse label may stand for any beneath it, so that it gets the rule of all of those only if they agree.
        """
        found = frozenset(labels)
        known = self._known.get(found)
        if known is None:
            known = self._chosen(found)
            if len(self._known) < _REMEMBERED:
                self._known[found] = known
        return known

    def _chosen(self, found: frozenset[Label]) -> Choice:
        lowest = [each for each in found if not any(other.startswith(f"{each}.") for other in found)]
        chosen = {self._of(label) for label in lowest}
        if len(chosen) > 1:
            chosen.discard(KEEP)
        return chosen.pop() if len(chosen) == 1 else REDACT

    def _of(self, label: Label) -> Choice:
        parts = label.split(".")
        keys = [label, *(f"{'.'.join(parts[:n])}{end}" for n in range(len(parts) - 1, 0, -1) for end in (_BENEATH, ""))]
        chosen = next((self.rules[key] for key in keys if key in self.rules), REDACT)
        below = {choice for key, choice in self.rules.items() if key.startswith(f"{label}.")}
        return chosen if below <= {chosen} else REDACT

    def keeps(self, labels: Iterable[Label]) -> bool:
        """Whether a value with these labels stays as it is."""
        return self.choice(labels) == KEEP

    def permits(self, label: Label, rule: str) -> Choice | None:
        """The choice that an override's rule comes to for a label; None where it may not have it.

        The parameters are the profile's own for that rule, if it uses it anywhere.
        """
        if _is_secret(label) or rule not in self.allowed:
            return None
        used = [choice for choice in self.rules.values() if choice.rule == rule]
        return used[0] if used else Choice(RuleName(rule))

    def changed(self, name: str, rules: Mapping[str, Choice]) -> Profile:
        """The same with other rules for some labels, under a name of its own; raises `Mistakes`, and where one would
        keep what is masked here."""
        kept = [key for key, choice in rules.items() if choice == KEEP and self.rules.get(key) != KEEP]
        if kept:
            raise Mistakes(
                [f"the profile {name}, {key}: {self.name} doesn't keep it, so that nothing may" for key in kept]
            )
        return replace(self, name=name, rules={**self.rules, **rules})


def _is_secret(key: str) -> bool:
    return key.split(".")[0] == _SECRETS
