"""The files that the settings name: policy packs and files, of which the bundle is made, and catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from interlock.errors import SettingsMistakes
from interlock.model.actor import ActorKind
from interlock.model.names import ConnectionName, GroupName
from interlock.model.settings import Settings
from interlock.policy import bundle, rehearsal
from interlock.policy.surroundings import Surroundings
from interlock.sensitivity.catalog import EMPTY, Catalog, parse_catalog
from interlock.sensitivity.labels import KNOWN

_SUFFIX = ".cedar"


def pack_names() -> frozenset[str]:
    """The packs that come with Interlock."""
    packs = resources.files("interlock.policy").joinpath("packs").iterdir()
    return frozenset(each.name.removesuffix(_SUFFIX) for each in packs if each.name.endswith(_SUFFIX))


def load_sources(settings: Settings) -> Mapping[str, str]:
    """The texts of the bundle, by name: `packs/agents.cedar` for a pack, the file's own name for a file, so that the
    bundle's digest is the same wherever it lies. Raises `SettingsMistakes` with each that can't be read."""
    sources: dict[str, str] = {}
    mistakes: list[str] = []
    packs = resources.files("interlock.policy").joinpath("packs")
    for pack in settings.policy.packs:
        if pack in pack_names():
            sources[f"packs/{pack}{_SUFFIX}"] = packs.joinpath(pack + _SUFFIX).read_text(encoding="utf-8")
    for file in settings.policy.files:
        text = _text(file, mistakes)
        if text is not None:
            sources[file.name] = text
    if mistakes:
        raise SettingsMistakes(mistakes)
    return sources


def load_bundle(settings: Settings) -> bundle.Bundle:
    """The policies in force; raises `SettingsMistakes` or `PolicyMistakes`, each with all of its kind."""
    return bundle.load(load_sources(settings), members(settings), frozenset(KNOWN), surroundings(settings))


def rehearse(settings: Settings) -> list[str]:
    """A warning for each forbid that nothing which can be asked makes fire; raises what `load_bundle` does.

    Thousands of requests are tried: for checks, not for every start.
    """
    return rehearsal.rehearse(load_sources(settings), members(settings), frozenset(KNOWN), surroundings(settings))


def surroundings(settings: Settings) -> Surroundings:
    """What policies may name: connections, agents, services and people."""
    actors: dict[ActorKind, dict[str, frozenset[GroupName]]] = {kind: {} for kind in ActorKind}
    for actor in settings.actors.values():
        actors[actor.kind][actor.id] = actor.groups
    for person in settings.people.values():
        actors[ActorKind.PERSON][person.id] = person.groups
    return Surroundings({name: each.connection for name, each in settings.connections.items()}, actors)


def load_catalogs(settings: Settings) -> dict[ConnectionName, Catalog]:
    """Each connection's catalog, an empty one where none is named. Raises `SettingsMistakes` with all mistakes."""
    catalogs: dict[ConnectionName, Catalog] = {}
    mistakes: list[str] = []
    for name, connection in settings.connections.items():
        text = None if connection.catalog is None else _text(connection.catalog, mistakes)
        try:
            catalogs[name] = EMPTY if connection.catalog is None else parse_catalog(text or "", connection.catalog.name)
        except SettingsMistakes as found:
            mistakes.extend(found.mistakes)
    if mistakes:
        raise SettingsMistakes(list(dict.fromkeys(mistakes)))  # two connections may share a file
    return catalogs


def members(settings: Settings) -> dict[GroupName, int]:
    """How many people are in each group; agents and services never vote and don't count."""
    people = settings.people.values()
    return {group: sum(group in person.groups for person in people) for group in settings.groups}


def _text(path: Path, mistakes: list[str]) -> str | None:
    try:
        # As it stands: a digest is of the file, so line ends aren't translated.
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        mistakes.append(f"{path.name}: this can't be read ({error.strerror})")
    except UnicodeDecodeError:
        mistakes.append(f"{path.name}: this isn't UTF-8")
    return None
