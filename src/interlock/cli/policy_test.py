"""`interlock policy test`: cases tried on the policies, each with what should come of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from interlock import settings as settings_file
from interlock.cli.policy_inputs import bundle_around, read_text
from interlock.errors import Mistakes, SettingsMistakes
from interlock.model.names import PolicyId
from interlock.policy.bundle import Bundle
from interlock.policy.case_file import CaseFile, read_cases, stands_alone
from interlock.policy.cases import Report, run
from interlock.policy.ground import Around, Ground
from interlock.policy.spelling import nearest
from interlock.sensitivity.labels import KNOWN
from interlock.settings.policy import SUFFIX, pack_names

_PACKS = "packs/"  # in front of the name of a pack's file in a bundle
_LABELS = frozenset(KNOWN)

Files = Annotated[list[Path] | None, typer.Argument(help="Cases files, TOML.", dir_okay=False)]
Pack = Annotated[str | None, typer.Option("--pack", help="Runs the cases that come with this pack.")]
Settings = Annotated[Path, typer.Option("--settings", help="The settings file.", dir_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Prints the result as JSON.")]
Strict = Annotated[bool, typer.Option("--strict", help="Fails too when no case made a policy speak.")]


@dataclass(frozen=True, slots=True)
class _Text:
    """A cases file as read; `place` is the directory that its own paths start from, None for a pack's."""

    name: str
    text: str
    place: Path | None


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A bundle, and which of its policies the cases are of."""

    bundle: Bundle
    under_test: frozenset[PolicyId]


def try_cases(
    files: Files = None,
    pack: Pack = None,
    settings: Settings = Path("interlock.toml"),
    as_json: Json = False,
    strict: Strict = False,
) -> None:
    """Runs cases: who asks what, and what should come of it. docs/reference/policy-cases.md has the words.

    A file with [around] stands alone; the others are tried on the policies of the settings. Policies that no case made
    speak are told. Exit code 1 when a case comes out otherwise, 2 when a file is mistaken.
    """
    texts = _texts(files or [], pack)
    report = reduce(Report.and_also, _reports(texts, settings))
    typer.echo(json.dumps(report.document(), indent=2) if as_json else _told(report))
    if report.failures or (strict and report.silent):
        raise typer.Exit(1)


def _texts(files: Sequence[Path], pack: str | None) -> list[_Text]:
    texts = []
    if pack is not None:
        if pack not in pack_names():
            raise SettingsMistakes([f'there is no pack "{pack}"{nearest(pack, pack_names())}'])
        texts.append(_Text(f"{_PACKS}{pack}.toml", _of_packs(f"{pack}.toml"), None))
    texts += [_Text(file.name, read_text(file), file.parent) for file in files]
    if not texts:
        raise SettingsMistakes(["name a cases file, or a pack with --pack"])
    return texts


def _reports(texts: Sequence[_Text], settings: Path) -> list[Report]:
    """A report for each file; all files are read before any case runs, so that their mistakes come together."""
    alone = [stands_alone(each.text) for each in texts]
    ground, shared = (None, None) if all(alone) else _of_settings(settings)
    mistakes: list[str] = []
    read: list[tuple[CaseFile, _Loaded]] = []
    for each in texts:
        try:
            cases = read_cases(each.name, each.text, ground, _LABELS)
            loaded = _of_around(cases.around, each.place) if cases.around is not None else shared
            assert loaded is not None  # a file that doesn't stand alone has the settings' bundle
            read.append((cases, loaded))
        except Mistakes as found:
            mistakes += found.mistakes
    if mistakes:
        raise Mistakes(list(dict.fromkeys(mistakes)))
    return [run(cases.cases, loaded.bundle, loaded.under_test) for cases, loaded in read]


def _of_settings(path: Path) -> tuple[Ground, _Loaded]:
    """The policies of the settings. The packs among them have cases of their own, so the others are under test."""
    settings = settings_file.load(path)
    tools = settings_file.load_tools(settings)
    ground = Ground(settings_file.members(settings), settings_file.surroundings(settings), tools)
    bundle = settings_file.load_bundle(settings)
    own = [name for name in settings_file.load_sources(settings) if not name.startswith(_PACKS)]
    return ground, _Loaded(bundle, _policies_in(bundle, own))


def _of_around(around: Around, place: Path | None) -> _Loaded:
    """The policies that a cases file's `[around]` names."""
    mistakes = [
        f'[around]: there is no pack "{name}"{nearest(name, pack_names())}'
        for name in (*around.packs, *around.beside)
        if name not in pack_names()
    ]
    if place is None and around.files:
        mistakes.append("[around] files: a pack's cases name packs only")
    if mistakes:
        raise SettingsMistakes(mistakes)
    bundle = bundle_around(around, place or Path())
    files = [Path(file).name for file in around.files]
    return _Loaded(bundle, _policies_in(bundle, [*(f"{_PACKS}{name}{SUFFIX}" for name in around.packs), *files]))


def _policies_in(bundle: Bundle, files: Sequence[str]) -> frozenset[PolicyId]:
    rules = bundle.rules.sources_by_id
    return frozenset(policy for policy, rule in rules.items() if rule.statement.file in files)


def _of_packs(name: str) -> str:
    return resources.files("interlock.policy").joinpath("packs", name).read_text(encoding="utf-8")


def _told(report: Report) -> str:
    lines = []
    for failure in report.failures:
        lines.append(f"FAILED {failure.file}: {failure.case}")
        lines += [f"    {difference}" for difference in failure.differences]
    count, failed = report.passed + len(report.failures), len(report.failures)
    cases = "1 case" if count == 1 else f"{count} cases"
    lines.append(f"{failed} of {cases} came out otherwise" if failed else f"{cases}, all as expected")
    if report.silent:
        lines.append(f"no case made these policies speak: {', '.join(report.silent)}")
    elif report.policies:
        lines.append(f"every policy under test spoke ({len(report.policies)})")
    return "\n".join(lines)
