"""A line of the shared notes on leaks: the attacks that it names, and what must come back unchanged beside them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attack:
    """Statements of one session, then of another. `quiet`: also without a gateway no search of bytes finds a canary
    (an order, a count, a boolean), or the server itself refuses it; it is tried all the same."""

    statements: tuple[str, ...]
    then: tuple[str, ...] = ()
    quiet: bool = False

    @property
    def reads_only(self) -> bool:
        """Whether it leaves everything as it was."""
        first = ("SELECT ssn INTO", "SELECT lo_", "SELECT nextval", "SELECT setval")
        plain = ("SELECT", "TABLE", "VALUES", "COPY", "EXPLAIN", "SHOW", "WITH c")
        return all(s.startswith(plain) and not s.startswith(first) for s in self.statements)


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of leaks.md says (quoted short), its attacks, and neighbours: each the statements of a session."""

    says: str
    attacks: tuple[Attack, ...]
    neighbours: tuple[tuple[str, ...], ...]


def loud(*texts: str) -> tuple[Attack, ...]:
    """Attacks of one statement each, which show a canary to whoever asks the server itself."""
    return tuple(Attack((text,)) for text in texts)


def quiet(*texts: str) -> tuple[Attack, ...]:
    """Attacks of one statement each, which no search of bytes finds."""
    return tuple(Attack((text,), quiet=True) for text in texts)


def steps(*statements: str, then: tuple[str, ...] = (), still: bool = False) -> tuple[Attack, ...]:
    """One attack of several statements; `still` is a quiet one."""
    return (Attack(statements, then, still),)


def each(*texts: str) -> tuple[tuple[str, ...], ...]:
    """Neighbours of one statement each."""
    return tuple((text,) for text in texts)
