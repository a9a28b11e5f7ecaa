"""`interlock policy observed`: what @observe policies, and connections in `unsafe_observe`, would have stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer

from interlock import settings as settings_file
from interlock.cli.log_entries import decided_entries
from interlock.cli.log_options import LimitOption, LogOption, SinceOption, Stretch, stretch
from interlock.cli.policy_inputs import DEFAULT_SETTINGS, AsJson, SettingsOption, say, say_json
from interlock.policy.observed import Counted, Noted, Observations, Source, Would, observations

FORMAT: Final = "interlock/policy-observed/v1"

_SAID = {
    Would.STOPPED: "would have been stopped by",
    Would.HELD: "would have been held by",
    Would.DENIED: "would have been denied by",
    Would.MASKED: "would have been masked",
}


def observed(
    settings: SettingsOption = DEFAULT_SETTINGS,
    since: SinceOption = None,
    limit: LimitOption = None,
    log: LogOption = None,
    as_json: AsJson = False,
) -> None:
    """Reports what would have been held, denied or masked, by policy, actor, connection and verbs.

    It reads the ledger and works while the gateway serves. Exit code 0: nothing would have been; 1: something would;
    2: the log can't be read.
    """
    about = stretch(settings_file.load(settings), since, limit, log)
    found = observations(_noted(about))
    if as_json:
        say_json(_document(found))
    else:
        for line in _lines(found):
            say(line)
    if found.counted:
        raise typer.Exit(1)


def _noted(about: Stretch) -> Iterator[Noted]:
    for _, entry in decided_entries(about.log, about.first):
        actor = "" if entry.actor is None else str(entry.actor["id"])
        yield Noted(entry.id, entry.type.value, actor, entry.d)


def _lines(found: Observations) -> Iterator[str]:
    for each in found.counted:
        yield f"{each.count:>7}  {_sentence(each)}; first in entry {each.example}"
    if found.beyond:
        yield f"{found.beyond:>7}  in further groups, which aren't told apart"
    noted = sum(each.count for each in found.counted) + found.beyond
    if not noted:
        yield f"Nothing would have been stopped or masked in {found.entries} recorded actions."


def _sentence(each: Counted) -> str:
    group = each.group
    whose = "unsafe_observe" if group.source is Source.CONNECTION else "@observe"
    by = f' "{group.policy}"' if group.policy else "" if group.would is Would.MASKED else " no policy's permit"
    what = f"{group.actor} on {group.connection}, {' '.join(group.verbs)} ({group.was})"
    return f"{what}: {_SAID[group.would]}{by} [{whose}]"


def _document(found: Observations) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "entries": found.entries,
        "beyond": found.beyond,
        "observed": [
            {
                "source": each.group.source.value,
                "would": each.group.would.value,
                "policy": each.group.policy,
                "actor": each.group.actor,
                "connection": each.group.connection,
                "verbs": list(each.group.verbs),
                "was": each.group.was,
                "count": each.count,
                "example": each.example,
            }
            for each in found.counted
        ],
    }
