"""Templates: a statement with its leaf values taken out."""

from __future__ import annotations

from dataclasses import dataclass, field

from interlock.model.label import Label
from interlock.model.secret import Secret

MAX_VALUE = 4096  # characters of one leaf's value that are kept for a reviewer to ask for


@dataclass(frozen=True, slots=True)
class Leaf:
    """One literal or parameter as a reviewer may see it.

    `shown` is its text when a card may show it (bound to an unlabelled plain column, short, nothing suspicious; or a
    row limit), else None. `label` names what it is bound to, if known; `length` is a class such as `1-8`, never the
    exact length; `mark` numbers equal values within one action (`#1`): equality can be seen and the value can't.
    """

    shown: str | None
    kind: str  # "text", "number", "binary", "null", "boolean", "parameter"
    label: Label | None
    length: str
    mark: str


@dataclass(frozen=True, slots=True)
class Template:
    """A statement cut into code and leaf values: `code[0] leaf[0] code[1] leaf[1] ... code[n]`.

    `code` never holds a literal or a comment. `stored` is the text with every leaf replaced by `?`: the only form that
    ledger, logs and metrics may hold. `values` are what the leaves stand for, cut at `MAX_VALUE`, where they are kept
    at all: the desk seals them, and nothing else may have them.
    """

    code: tuple[str, ...]
    leaves: tuple[Leaf, ...]
    values: tuple[Secret[str], ...] = field(default=(), repr=False, compare=False)

    @property
    def stored(self) -> str:
        """The statement with `?` for every leaf."""
        return "?".join(self.code)
