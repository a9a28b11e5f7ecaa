"""`interlock policy simulate`: recorded actions decided by the policies in force and by edited ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from interlock import settings as settings_file
from interlock.cli.log_entries import a_day_before, action_entries, decided_entries
from interlock.cli.log_options import LimitOption, LogOption, SinceOption, Stretch, stretch
from interlock.cli.policy_inputs import (
    DEFAULT_SETTINGS,
    AsJson,
    SettingsOption,
    Texts,
    by_settings,
    in_force,
    pack_text,
    read_text,
    say,
    say_json,
)
from interlock.cli.recorded import Recall
from interlock.errors import PolicyMistakes, SettingsMistakes
from interlock.model.settings import Settings
from interlock.policy.bundle import Bundle
from interlock.policy.simulate import Differing, Recorded, Side, Simulation, Skipped
from interlock.policy.simulate import simulate as compared
from interlock.settings.policy import SUFFIX

FORMAT: Final = "interlock/policy-simulate/v1"

With = Annotated[
    list[Path] | None,
    typer.Option("--with", metavar="FILE", help="Takes the place of the file of that name, or joins. Repeatable."),
]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="NAME", help="A file or pack:NAME left out. Repeatable.")
]
Packs = Annotated[
    list[str] | None, typer.Option("--packs", metavar="NAMES", help="These packs and no others, with commas between.")
]


def simulate(
    settings: SettingsOption = DEFAULT_SETTINGS,
    with_: With = None,
    without: Without = None,
    packs: Packs = None,
    since: SinceOption = None,
    limit: LimitOption = None,
    log: LogOption = None,
    as_json: AsJson = False,
) -> None:
    """Says which recorded actions edited policies would decide otherwise than those in force, and counts them.

    The edited policies are the settings' files as they are now, changed by --with, --without and --packs. It reads the
    ledger and works while the gateway serves. Exit code 0: no difference; 1: there is one; 2: it can't be told.
    """
    loaded = settings_file.load(settings)
    before, after = in_force(loaded), _edited(loaded, with_ or [], without or [], packs)
    present, edited = _bundle(loaded, before), settings_file.bundle_of(loaded, after.texts)
    about = stretch(loaded, since, limit, log)
    found = compared(_actions(loaded, about, present, edited), present, edited)
    if as_json:
        say_json(_document(found, before, after, present, edited))
    else:
        for line in _lines(found, before):
            say(line)
    if found.changes:
        raise typer.Exit(1)


def _edited(settings: Settings, with_: list[Path], without: list[str], packs: list[str] | None) -> Texts:
    texts = dict(by_settings(settings).texts)
    if packs is not None:
        texts = {name: text for name, text in texts.items() if not name.startswith("packs/")}
        for pack in (name.strip() for names in packs for name in names.split(",")):
            texts[f"packs/{pack}{SUFFIX}"] = pack_text(pack)
    for name in without:
        file = f"packs/{name.removeprefix('pack:')}{SUFFIX}" if name.startswith("pack:") else name
        if texts.pop(file, None) is None:
            raise SettingsMistakes([f"--without {name}: there is no such file; there are {', '.join(sorted(texts))}"])
    for path in with_:
        texts[path.name] = read_text(path)
    return Texts(texts, "the files that the settings name, as edited")


def _bundle(settings: Settings, texts: Texts) -> Bundle:
    try:
        return settings_file.bundle_of(settings, texts.texts)
    except PolicyMistakes as found:
        head = f"{texts.origin} can't be loaded under these settings, so there is nothing to compare with:"
        raise PolicyMistakes([head, *found.mistakes]) from None


def _actions(settings: Settings, about: Stretch, present: Bundle, edited: Bundle) -> Iterator[Recorded | Skipped]:
    """The recorded actions of the stretch. What was done on the day before counts for `recent`, no more."""
    recall = Recall(settings, with_recent=not {"recent", "writes_masked"}.isdisjoint(present.reads | edited.reads))
    if not recall.with_recent:
        yield from recall.actions(entry for _, entry in decided_entries(about.log, about.first))
        return
    for index, entry in action_entries(about.log, a_day_before(about.log, about.first)):
        if index < about.first:
            recall.pass_by(entry)
        else:
            yield from recall.actions([entry])


def _lines(found: Simulation, before: Texts) -> Iterator[str]:
    yield f"{_actions_said(found.replayed)} replayed; in force: {before.origin}"
    for because, count in found.skipped:
        yield f"{count:>7}  left out: {because}"
    yield f"{found.changes} would be decided otherwise" + (":" if found.changed else ".")
    yield from (f"{each.count:>7}  {_sentence(each)}" for each in found.changed)
    if found.beyond:
        yield f"{found.beyond:>7}  in further groups, which aren't told apart"
    if found.drifted:
        drift = sum(each.count for each in found.drifted)
        yield f"{drift} were decided otherwise when they were recorded than they would be now, before any edit:"
        yield from (f"{each.count:>7}  {_sentence(each)}" for each in found.drifted)


def _actions_said(count: int) -> str:
    return "1 action" if count == 1 else f"{count} actions"


def _sentence(each: Differing) -> str:
    where = each.where
    told = f"{where.actor} on {where.connection}, {' '.join(where.verbs)}"
    return f"{told}: {_side(each.before)} -> {_side(each.after)}; first in entry {each.example}"


def _side(side: Side) -> str:
    parts = [side.outcome.value]
    parts += [f"for {side.needs}"] if side.needs else []
    parts += [f"under {', '.join(side.under)}"] if side.under else []
    parts += [f"by {', '.join(side.policies)}"] if side.policies else []
    return " ".join(parts)


def _document(found: Simulation, before: Texts, after: Texts, present: Bundle, edited: Bundle) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "in_force": {"from": before.origin, "digest": present.digest},
        "edited": {"from": after.origin, "digest": edited.digest},
        "replayed": found.replayed,
        "changes": found.changes,
        "beyond": found.beyond,
        "changed": [_differing(each) for each in found.changed],
        "drifted": [_differing(each) for each in found.drifted],
        "skipped": [{"because": because, "count": count} for because, count in found.skipped],
    }


def _differing(each: Differing) -> Mapping[str, Any]:
    return {
        "actor": each.where.actor,
        "connection": each.where.connection,
        "verbs": list(each.where.verbs),
        "before": _side_document(each.before),
        "after": _side_document(each.after),
        "count": each.count,
        "example": each.example,
    }


def _side_document(side: Side) -> Mapping[str, Any]:
    return {
        "outcome": side.outcome.value,
        "needs": side.needs,
        "under": list(side.under),
        "policies": list(side.policies),
    }
