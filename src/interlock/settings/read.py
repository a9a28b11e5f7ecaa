"""Reads the settings file, table by table."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from interlock.errors import MalformedInput, SettingsMistakes
from interlock.ledger.note import parse_vkey
from interlock.model.names import ConnectionName
from interlock.model.settings import ConnectionSettings, Limits, Settings
from interlock.settings.access import read_access
from interlock.settings.addresses import is_this_machine, read_connection, read_listens, read_public_url
from interlock.settings.channels import read_channels
from interlock.settings.identity import (
    read_issuers,
    read_oidc,
    read_outgoing,
    read_provisioned_groups,
    read_provisioning,
)
from interlock.settings.labels import read_labels
from interlock.settings.mcp import OURS, read_mcp, read_own_mcp
from interlock.settings.mcp_tokens import check_audiences
from interlock.settings.people import check_name, read_actors, read_people
from interlock.settings.policy import read_policy
from interlock.settings.signing import read_auditors, read_break_glass, read_votes
from interlock.settings.table import Table

_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Survey:
    """A settings file with all that is wrong in it. With mistakes, `settings` serves to look for further ones only;
    it is None when the file can't be read at all."""

    settings: Settings | None
    mistakes: tuple[str, ...]


def is_origin(text: str) -> bool:
    """Whether `text` can name a log: a schemaless URL (ledger.md 1.6) that fits in a key's name."""
    return _ORIGIN.fullmatch(text) is not None


def is_node(text: str) -> bool:
    """Whether `text` can name a node."""
    return _NODE.fullmatch(text) is not None


def load(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `path`, secrets resolved from files and `environ` (the process's own, unless given).

    Raises `SettingsMistakes` with every mistake. Paths come out absolute.
    """
    found = survey(path, environ)
    if found.mistakes or found.settings is None:
        raise SettingsMistakes(found.mistakes)
    return found.settings


def survey(path: Path, environ: Mapping[str, str] | None = None) -> Survey:
    """As `load`, without raising."""
    try:
        data = path.read_bytes()
        raw = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        return Survey(None, (f"{path.name}: this can't be read ({error.strerror}); `interlock init` writes one",))
    except UnicodeDecodeError:
        return Survey(None, (f"{path.name}: this isn't UTF-8",))
    except tomllib.TOMLDecodeError as error:
        return Survey(None, (f"{path.name}: this isn't TOML: {error}",))
    mistakes: list[str] = []
    root = Table(path.name, "", raw, mistakes, path.absolute().parent, os.environ if environ is None else environ)
    settings = _read(root, hashlib.sha256(data).hexdigest())
    root.done()
    return Survey(settings, tuple(mistakes))


def _read(root: Table, digest: str) -> Settings:
    origin, node, node_key = _log(root)
    data_dir, keys_dir = _directories(root)
    listens = read_listens(root)
    people, accounts, reached = read_people(root)
    issuers = read_issuers(root)
    actors = read_actors(root, people, issuers)
    oidc = read_oidc(root)
    provisioned = read_provisioned_groups(root)
    named = [person.groups for person in people.values()] + [actor.groups for actor in actors.values()]
    provided = frozenset(provisioned.values()) | frozenset(oidc.groups.values() if oidc else ())
    groups = frozenset().union(provided, *named)
    connections = _connections(root)
    access = read_access(root, connections)
    mcp = read_mcp(root, {*connections, *access})
    check_audiences(root, issuers, (*mcp, OURS), listens["agents"].url)
    return Settings(
        origin=origin,
        node=node,
        node_key=node_key,
        data_dir=data_dir,
        keys_dir=keys_dir,
        control=listens["control"],
        agents=listens["agents"],
        postgres=listens["postgres"],
        public_url=read_public_url(root, listens["control"]),
        people=people,
        actors=actors,
        groups=groups,
        connections=connections,
        policy=read_policy(root, people.values(), groups, provided),
        limits=_limits(root),
        digest=digest,
        votes=read_votes(root),
        break_glass=read_break_glass(root),
        labels=read_labels(root, groups),
        issuers=issuers,
        oidc=oidc,
        provisioning=read_provisioning(root, provisioned, people.values(), groups),
        accounts={(oidc.provider, subject): person for subject, person in accounts.items()} if oidc else {},
        auditors=read_auditors(root, groups),
        outgoing=read_outgoing(root),
        channels=read_channels(root, people, groups, reached),
        access=access,
        mcp=mcp,
        own_mcp=read_own_mcp(root),
    )


def _log(root: Table) -> tuple[str, str, str]:
    table = root.table("log")
    origin, node, key = table.text("origin"), table.text("node"), table.text("node_key")
    table.done()
    if origin and not is_origin(origin):
        table.wrong("origin", "this must be a host with a path and no scheme, such as interlock.local/clinic/1")
    if node and not is_node(node):
        table.wrong("node", "this must be of letters, digits, dots, hyphens and underscores, at most 63")
    if key:
        try:
            named = parse_vkey(key).name
        except MalformedInput as malformed:
            table.wrong("node_key", f"{malformed.sentence}; `interlock init` prints it")
        else:
            if named != f"{origin}/node/{node}":
                table.wrong("node_key", "this is the key of another log or node than origin and node say")
    return origin, node, key


def _directories(root: Table) -> tuple[Path, Path]:
    """The store and the keys apart: who may back up, read or mount the one gets nothing of the other."""
    table = root.table("paths")
    data, keys = table.path("data", "data"), table.path("keys", "keys")
    table.done()
    if _contains(data, keys) or _contains(keys, data):
        table.wrong("keys", "data and keys must be two directories, neither within the other")
    return data, keys


def _contains(outer: Path, inner: Path) -> bool:
    """Whether `inner` is `outer` or lies within it, symbolic links followed."""
    return inner.resolve().is_relative_to(outer.resolve())


def _connections(root: Table) -> dict[ConnectionName, ConnectionSettings]:
    connections: dict[ConnectionName, ConnectionSettings] = {}
    for name, table in root.tables("connections"):
        check_name(root, f"connections.{name}", name)
        connections[ConnectionName(name)] = read_connection(name, table)
    for (_, one), (name, other) in itertools.combinations(connections.items(), 2):
        if _place(one) == _place(other) and _catalog(one) != _catalog(other):
            sentence = f"[connections.{one.connection.name}] leads to the same database, so both need the same catalog"
            root.wrong(f"connections.{name}", sentence)
    return connections


def _place(settings: ConnectionSettings) -> tuple[str, int, str]:
    """Where a connection leads. Two names of one host can't be told; every name of this machine can."""
    host = settings.upstream.host.lower().rstrip(".")
    return "localhost" if is_this_machine(host) else host, settings.upstream.port, settings.upstream.database


def _catalog(settings: ConnectionSettings) -> Path | None:
    return settings.catalog.resolve() if settings.catalog else None


def _limits(root: Table) -> Limits:
    table = root.table("limits")
    usual = Limits()
    limits = Limits(
        sessions=table.number("sessions", usual.sessions, 1, 100_000),
        sessions_per_actor=table.number("sessions_per_actor", usual.sessions_per_actor, 1, 100_000),
        open_reviews_per_actor=table.number("open_reviews_per_actor", usual.open_reviews_per_actor, 1, 10_000),
        ledger_queue=table.number("ledger_queue", usual.ledger_queue, 256, 1_000_000),
        login_seconds=table.number("login_seconds", usual.login_seconds, 1, 300),
        cool_down_seconds=table.number("cool_down_seconds", usual.cool_down_seconds, 0, 86_400),
        denied_per_hour=table.number("denied_per_hour", usual.denied_per_hour, 1, 10_000),
    )
    table.done()
    return limits
