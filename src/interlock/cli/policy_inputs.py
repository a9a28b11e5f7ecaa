"""What the policy commands work on: texts by name, the people and actors around them, and how results are printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from interlock import app as composition
from interlock import settings as settings_file
from interlock.cli.log_entries import StoreLog, policy_entries, store_log
from interlock.cli.settings_option import DEFAULT_SETTINGS as DEFAULT_SETTINGS
from interlock.cli.settings_option import SettingsOption as SettingsOption
from interlock.errors import SettingsMistakes
from interlock.identity.directory import Directory
from interlock.identity.exclusion import excluded_people
from interlock.ledger.texts import Gathering, sources
from interlock.model.actor import Actor
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, KeyId
from interlock.model.settings import Settings
from interlock.policy.bundle import Bundle, load
from interlock.policy.ground import Around
from interlock.policy.reviewers import Excluded
from interlock.policy.spelling import nearest
from interlock.review.visible import visible
from interlock.sensitivity.labels import KNOWN
from interlock.settings.policy import SUFFIX, pack_names

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON (docs/reference/policy-tools.md).")]

PACK: Final = "pack:"
_TOOLS: Final = "tools/"


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts by file, and in a few words where they are from."""

    texts: Mapping[str, str]
    origin: str
    whole: bool = False  # all that a bundle is made of, so that a tool that isn't in it isn't there

    @property
    def policies(self) -> Mapping[str, str]:
        """Without the files that define tools."""
        return {name: text for name, text in self.texts.items() if not name.startswith(_TOOLS)}


def named_texts(spec: str, settings: Path) -> Texts:
    """What `spec` names: `in-force`, `settings`, `pack:NAME`, a file or a directory of .cedar files, a .json file that
    defines tools.

    `in-force` is what the ledger has last put in force, with its texts as the ledger has them; on an installation that
    never served, or whose ledger has no texts, what the settings name. Raises `SettingsMistakes`.
    """
    if spec in _KEYWORDS:
        return _KEYWORDS[spec](settings_file.load(settings))
    if spec.startswith(PACK):
        return Texts({f"packs/{spec.removeprefix(PACK)}{SUFFIX}": pack_text(spec.removeprefix(PACK))}, spec)
    path = Path(spec)
    if path.suffix == ".json":
        return Texts({f"{_TOOLS}{path.name}": read_text(path)}, spec)
    if path.is_dir():
        found = sorted(path.glob(f"*{SUFFIX}"))
        if not found:
            raise SettingsMistakes([f"{path.name}: there is no file *{SUFFIX} in this directory"])
        return Texts({file.name: read_text(file) for file in found}, spec)
    return Texts({path.name: read_text(path)}, spec)


def in_force(settings: Settings) -> Texts:
    """The texts in force by the ledger; those that the settings name where it has none."""
    path = composition.store_path(settings)
    found = _last_loaded(store_log(path)) if path.is_file() else None
    return by_settings(settings) if found is None else Texts(found, "the ledger's newest bundle", whole=True)


def by_settings(settings: Settings) -> Texts:
    """The texts that the settings name, as their files are now."""
    return Texts(settings_file.load_texts(settings), "the files that the settings name", whole=True)


_KEYWORDS: Final[Mapping[str, Callable[[Settings], Texts]]] = {"in-force": in_force, "settings": by_settings}


def pack_text(pack: str) -> str:
    """A pack's policies; raises `SettingsMistakes` when there is none of that name."""
    if pack not in pack_names():
        raise SettingsMistakes([f'there is no pack "{pack}"{nearest(pack, pack_names())}'])
    return resources.files("interlock.policy").joinpath("packs", pack + SUFFIX).read_text(encoding="utf-8")


def bundle_around(around: Around, place: Path) -> Bundle:
    """The bundle that a cases file's `[around]` names; `place` is the file's directory. Raises `Mistakes`."""
    packs = {f"packs/{name}{SUFFIX}": pack_text(name) for name in (*around.packs, *around.beside)}
    files = {Path(file).name: read_text(place / file) for file in around.files}
    here = around.ground
    return load(packs | files, here.members, frozenset(KNOWN), here.around, tools=here.tools)


def read_text(file: Path) -> str:
    """A file's text; raises `SettingsMistakes`."""
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise SettingsMistakes([f"{file.name}: this can't be read ({error.strerror})"]) from None
    except UnicodeDecodeError:
        raise SettingsMistakes([f"{file.name}: this isn't UTF-8"]) from None


def excluded(settings: Settings) -> Excluded:
    """By everybody's name: the people who may not sign for what they ask, as far as settings tell.

    Who made or holds the credential used isn't known before there is one; each counts as its owner's.
    """
    names = [*settings.people, *settings.actors]
    return {str(name): excluded_people(known_actor(settings, str(name))) for name in names}


def known_actor(settings: Settings, name: str, behalf_of: tuple[str, ...] = ()) -> Actor:
    """An actor of the settings, on behalf of others, nearest first; raises `SettingsMistakes` for one unknown."""
    directory = Directory(settings.people, settings.actors)
    chain = tuple(known_actor(settings, each) for each in behalf_of)
    owner = directory.held_by(name)
    found = None
    if owner is not None:
        found = directory.actor(name, key=KeyId(""), made_by=owner, held_by=owner)
    if found is None:
        everybody = [*map(str, settings.people), *map(str, settings.actors)]
        raise SettingsMistakes([f'nobody here is called "{name}"{nearest(name, everybody)}'])
    return Actor(
        found.kind, ActorId(name), found.groups, found.owner, found.key, found.made_by, found.held_by, chain=chain
    )


def say(text: str, *, error: bool = False) -> None:
    """A line for people; what others wrote is made visible in it."""
    typer.echo(visible(text), err=error)


def say_json(document: Mapping[str, Any]) -> None:
    """The result for programs, in ASCII: no terminal makes anything of it."""
    typer.echo(json.dumps(document, indent=2))


def _last_loaded(log: StoreLog) -> dict[str, str] | None:
    gathering, found = Gathering(), None
    for entry in policy_entries(log):
        if entry.type is EntryType.POLICY_TEXT:
            gathering.add(entry.id, entry.d)
        elif entry.type is EntryType.POLICY_LOADED:
            texts, _ = gathering.take(entry.d["bundle"])
            found = sources(texts) if texts is not None else None
    return found
