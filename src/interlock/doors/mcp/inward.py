"""Pseudonyms in a call's arguments translated inward: what they stand for takes their place before it is decided.

As with SQL (`sql/given.py`), only where two witnesses agree: the tool's map says that the very label lies at the path,
and the pseudonym was given to this very actor for that label. It is a whole text of its own. Everything else stays the
text that it is, which matches nothing. Once only: what comes of it must not be given in again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.actions.tool_resources import escaped
from interlock.doors.mcp.seams import Object
from interlock.masking.json_values import Fields, Path, Seen
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.model.label import Label
from interlock.model.names import PersonId

MOST_RESTORED: Final = 4_096  # forms of values of one owner's agents; twice as many are looked for
MOST_OWNERS: Final = 256

_Form = tuple[str | None, ...]  # a path with None for any member of a list


@dataclass(frozen=True, slots=True)
class Meant:
    """Arguments as they are meant, and JSON pointers (RFC 6901) to those that were given as pseudonyms, which stood for
    these `values`."""

    arguments: Object = field(repr=False)
    given: tuple[str, ...] = ()
    values: tuple[tuple[str, Label], ...] = field(default=(), repr=False, compare=False)


def meant(arguments: Object, fields: Fields, own: ActorPseudonyms) -> Meant:
    """The arguments with what this actor's pseudonyms in them stand for.

    Of a list all texts at a path are translated or none: a schema may say that members must differ (`uniqueItems`), and
    then a guess beside a pseudonym would be confirmed by a refusal that nobody decided on.
    """
    known: dict[Path, str] = {}
    mixed: set[_Form] = set()
    for path, text in _texts(arguments, ()):
        value = _opened(text, path, fields, own)
        if value is None:
            mixed.add(_form(path))
        else:
            known[path] = value
    known = {path: value for path, value in known.items() if None not in _form(path) or _form(path) not in mixed}
    if not known:
        return Meant(arguments)
    values = tuple((value, label) for path, value in known.items() for label in sorted(fields.at(path))[:1])
    return Meant(_with(arguments, (), known), tuple(sorted(map(_pointer, known))), values)


class Restored:
    """What took the place of pseudonyms on one connection lately, by who answers for the asker: a server may say it
    again in answer to something else, and to another agent of theirs. In memory alone, the last ones, within bounds."""

    def __init__(self) -> None:
        self._known: OrderedDict[PersonId, tuple[Seen, Seen]] = OrderedDict()

    def note(self, owner: PersonId, values: Iterable[tuple[str, Label]]) -> None:
        """From now on they are looked for."""
        fresh, before = self._known.pop(owner, (Seen(), Seen()))
        for value, label in values:
            if len(fresh) >= MOST_RESTORED:
                fresh, before = Seen(), fresh
            fresh.add(value, label)
        self._known[owner] = fresh, before
        while len(self._known) > MOST_OWNERS:
            self._known.popitem(last=False)

    def of(self, owner: PersonId) -> tuple[Seen, ...]:
        """What is looked for in all that is said to agents of theirs."""
        return self._known.get(owner, ())

    def __repr__(self) -> str:
        return "Restored(…)"


def given_at(arguments: Object, pointers: Sequence[str]) -> frozenset[str]:
    """The texts at these JSON pointers (RFC 6901)."""
    if not pointers:
        return frozenset()
    wanted = frozenset(pointers)
    return frozenset(text for path, text in _texts(arguments, ()) if _pointer(path) in wanted)


def _pointer(path: Path) -> str:
    return "".join(f"/{escaped(str(step))}" for step in path)


def _opened(text: str, path: Path, fields: Fields, own: ActorPseudonyms) -> str | None:
    read = own.read(text.strip())
    if read is None or read[0] not in fields.at(path):
        return None
    try:
        return read[1].decode()
    except UnicodeDecodeError:
        return None


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, (*path, key))
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from _texts(each, (*path, at))
    elif isinstance(value, str):
        yield path, value


def _with(value: Any, path: Path, known: Mapping[Path, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with(each, (*path, key), known) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with(each, (*path, at), known) for at, each in enumerate(value)]
    return known.get(path, value)


def _form(path: Path) -> _Form:
    return tuple(None if isinstance(step, int) else step for step in path)
