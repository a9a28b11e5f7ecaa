"""The files that the settings name: policy packs, files and tools, of which the bundle is made, and catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from interlock.errors import PolicyMistakes, SettingsMistakes
from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, Digest, GroupName
from interlock.model.offer import Offer
from interlock.model.settings import Settings
from interlock.model.tool import Tool
from interlock.policy import bundle, rehearsal
from interlock.policy.surroundings import Members, Surroundings, opened
from interlock.sensitivity.catalog import EMPTY, Catalog, parse_catalog
from interlock.sensitivity.labels import KNOWN
from interlock.settings.offers import read_offers
from interlock.settings.policy import SUFFIX, pack_names
from interlock.settings.tools import read_tools

TOOLS: Final = "tools/"  # in front of the name of a file that defines tools


def load_sources(settings: Settings) -> Mapping[str, str]:
    """The policies' texts by name: `packs/agents.cedar` for a pack, the file's own name for a file, so that the
    bundle's digest is the same wherever it lies. Raises `SettingsMistakes` with each that can't be read."""
    return {name: text for name, text in load_texts(settings).items() if not name.startswith(TOOLS)}


def load_texts(settings: Settings) -> dict[str, str]:
    """As `load_sources`, and `tools/github.json` for a file that defines tools: all that the bundle is made of."""
    texts: dict[str, str] = {}
    mistakes: list[str] = []
    packs = resources.files("interlock.policy").joinpath("packs")
    for pack in settings.policy.packs:
        if pack in pack_names():
            texts[f"packs/{pack}{SUFFIX}"] = packs.joinpath(pack + SUFFIX).read_text(encoding="utf-8")
    named = [(file.name, file) for file in settings.policy.files]
    named += [(TOOLS + file.name, file) for file in settings.policy.tools]
    for name, file in named:
        text = _text(file, mistakes)
        if text is not None:
            texts[name] = text
    if mistakes:
        raise SettingsMistakes(mistakes)
    return texts


def bundle_of(settings: Settings, texts: Mapping[str, str]) -> bundle.Bundle:
    """The bundle of these texts (as `load_texts` gives them) under these settings, wherever the texts come from.

    Raises `PolicyMistakes` with every mistake.
    """
    tools, offers, mistakes = _tools(texts)
    policies = {name: text for name, text in texts.items() if not name.startswith(TOOLS)}
    try:
        loaded = bundle.load(
            policies,
            members(settings),
            frozenset(KNOWN),
            surroundings(settings),
            tools=tools,
            offers=offers,
            zone=settings.policy.zone,
        )
    except PolicyMistakes as found:
        raise PolicyMistakes([*mistakes, *found.mistakes]) from None
    if mistakes:
        raise PolicyMistakes(mistakes)
    return loaded


def policies_digest(texts: Mapping[str, str]) -> Digest:
    """The digest of the bundle that these texts make, as far as they can be read; nothing in them is checked."""
    policies = {name: text for name, text in texts.items() if not name.startswith(TOOLS)}
    tools, offers, _ = _tools(texts)
    return bundle.bundle_digest(policies, tools, offers)


def load_tools(settings: Settings) -> tuple[Tool, ...]:
    """The tools as their files define them; raises `SettingsMistakes`, `PolicyMistakes`."""
    tools, _, mistakes = _tools(load_texts(settings))
    if mistakes:
        raise PolicyMistakes(mistakes)
    return tuple(tools)


def load_bundle(settings: Settings) -> bundle.Bundle:
    """The policies as their files are; raises `SettingsMistakes` or `PolicyMistakes`, each with all of its kind."""
    return bundle_of(settings, load_texts(settings))


def rehearse(settings: Settings) -> list[str]:
    """A warning for each forbid that nothing which can be asked makes fire; raises what `load_bundle` does.

    Thousands of requests are tried: for checks, not for every start.
    """
    sources, tools = load_sources(settings), load_tools(settings)
    return rehearsal.rehearse(sources, members(settings), frozenset(KNOWN), surroundings(settings), tools)


def surroundings(settings: Settings) -> Surroundings:
    """What policies may name: connections, agents, services and people."""
    actors: dict[ActorKind, dict[str, frozenset[GroupName]]] = {kind: {} for kind in ActorKind}
    for actor in settings.actors.values():
        actors[actor.kind][actor.id] = actor.groups
    for person in settings.people.values():
        actors[ActorKind.PERSON][person.id] = person.groups
    return Surroundings(connections(settings), actors)


def connections(settings: Settings) -> Mapping[ConnectionName, Connection]:
    """All that actions can be on: what we stand in front of, and what callers guard themselves (`[access.NAME]`)."""
    kinds = (settings.connections, settings.mcp, settings.access)
    return {name: each.connection for kind in kinds for name, each in kind.items()}


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


def members(settings: Settings) -> Members:
    """The people in each group; agents and services never vote and aren't among them. Groups that a directory or
    provider fills are as large as anything asks for (`policy.surroundings.opened`)."""
    people = settings.people.values()
    known = {group: frozenset(p.id for p in people if group in p.groups) for group in settings.groups}
    claimed = settings.oidc.groups.values() if settings.oidc is not None else ()
    return opened(known, frozenset({*settings.provisioning.groups.values(), *claimed}))


def _tools(texts: Mapping[str, str]) -> tuple[list[Tool], list[Offer], list[str]]:
    tools: list[Tool] = []
    offers: list[Offer] = []
    mistakes: list[str] = []
    for name in sorted(texts):
        if name.startswith(TOOLS):
            found, wrong = read_tools(name, texts[name], tools)
            offered, amiss = read_offers(name, texts[name], offers)
            tools += found
            offers += offered
            mistakes += wrong + amiss
    return tools, offers, mistakes


def _text(path: Path, mistakes: list[str]) -> str | None:
    try:
        # As it stands: a digest is of the file, so line ends aren't translated.
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        mistakes.append(f"{path.name}: this can't be read ({error.strerror})")
    except UnicodeDecodeError:
        mistakes.append(f"{path.name}: this isn't UTF-8")
    return None
