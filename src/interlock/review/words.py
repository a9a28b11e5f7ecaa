"""What a review asks for and gives, in plain words: the same in the console and the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Some(Protocol):
    """So many people of a group."""

    @property
    def group(self) -> str:
        """The group's name."""

    @property
    def count(self) -> int:
        """How many of it."""


def needs(
    quorums: Sequence[Some],
    any_of: Sequence[Sequence[Some]] = (),
    stages: Sequence[Sequence[Sequence[Some]]] = (),
) -> str:
    """Who must sign: `2 of privacy-officers, then 1 of security; and 1 of owners or 1 of stewards`."""
    asked = [_joined(quorums, " and ")] if quorums else []
    asked += [", then ".join(_joined(stage, " and ") for stage in staged) for staged in stages]
    asked += [_joined(choices, " or ") for choices in any_of]
    return "; and ".join(asked)


def runs(uses: int, seconds: int) -> str:
    """What an approval is good for: `may run 3 times within 10 minutes`."""
    return f"may run {'once' if uses == 1 else f'{uses} times'} within {period(seconds)}"


def runs_left(uses: int, left: int) -> str:
    """How much of an approval for several runs is left: `2 of 3 runs are left`; empty where there is one run only."""
    return "" if uses == 1 else f"{left} of {uses} runs {'is' if left == 1 else 'are'} left"


def comes_back(columns: int, masked: int, reveals: int) -> str:
    """What a yes lets out, of so many columns: `4 columns, 3 of them masked`; empty where no columns are known."""
    if not columns:
        return ""
    said = f"{columns} column{'' if columns == 1 else 's'}"
    hidden = "all masked" if masked == columns else f"{masked} of them masked" if masked else "none masked"
    return f"{said}, {hidden}" + (f", {reveals} revealed in clear" if reveals else "")


def period(seconds: int) -> str:
    """A stretch of time: `1 hour 30 minutes`."""
    parts: list[str] = []
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "no time"


def _joined(quorums: Sequence[Some], between: str) -> str:
    return between.join(f"{quorum.count} of {quorum.group}" for quorum in quorums)
