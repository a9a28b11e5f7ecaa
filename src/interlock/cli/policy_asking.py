"""What `policy explain` is asked about, made into the action that a door would make of it.

An SQL text is read against the connection's definitions and described there, on connections of our own; nothing runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from interlock import settings as settings_file
from interlock.actions.from_sql import PreparedStatement, UpstreamIdentity, from_sql
from interlock.actions.from_tool_call import from_tool_call
from interlock.actions.refused import refused
from interlock.actions.tool_arguments import compiled
from interlock.cli.policy_inputs import bundle_around, excluded, read_text
from interlock.doors.postgres.copying import copy_options
from interlock.doors.postgres.facts import PINNED
from interlock.doors.postgres.preparing import REPORTED
from interlock.errors import InterlockError, Mistakes, NotUnderstood, SettingsMistakes
from interlock.masking.tokens import holds_token
from interlock.model.action import Action, EnforcedBy
from interlock.model.actor import Actor
from interlock.model.connection import Connection
from interlock.model.mcp_settings import McpSettings
from interlock.model.names import ActionId, ConnectionName, PersonId
from interlock.model.payload import SqlStatement
from interlock.model.recent import QUIET, Recent
from interlock.model.settings import ConnectionSettings, Settings
from interlock.model.snapshot import DescribedColumn
from interlock.model.tool import Tool
from interlock.policy.bundle import Bundle
from interlock.policy.case_action import ACTION_KEYS, read_action
from interlock.policy.case_file import read_cases
from interlock.policy.case_table import CaseTable
from interlock.policy.ground import Ground
from interlock.policy.spelling import nearest
from interlock.policy.surroundings import Members
from interlock.sensitivity.columns import ColumnLabels
from interlock.sensitivity.labels import KNOWN
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.effects import ColumnName
from interlock.sql.own_settings import columns_in
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse
from interlock.stores.clock import SystemClock
from interlock.upstreams.describe import Refused, Session, describe, describing
from interlock.upstreams.postgres import load_snapshot
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for

_ACTION: Final = ActionId("explained")
_LABELS: Final = frozenset(KNOWN)


@dataclass(frozen=True, slots=True)
class Asked:
    """An action and the moment it is asked at, the bundle that decides it, and the people around."""

    action: Action
    at: datetime
    recent: Recent
    bundle: Bundle
    groups: Members
    excluded: frozenset[PersonId]


@dataclass(frozen=True, slots=True)
class Said:
    """What the asker says beside the request itself."""

    reason: str = ""
    ticket: str = ""
    reveal: tuple[ColumnName, ...] = ()


def of_case(case: str, path: Path) -> Asked:
    """A case of a cases file, `FILE:NAME`; raises `Mistakes`."""
    file, _, name = case.partition(":")
    text, alone = read_text(Path(file)), _around_settings(path)
    found = read_cases(Path(file).name, text, alone[0] if alone else None, _LABELS)
    chosen = next((each for each in found.cases if each.name == name), None)
    if chosen is None:
        names = [each.name for each in found.cases]
        raise SettingsMistakes([f'{Path(file).name}: there is no case "{name}"{nearest(name, names)}'])
    if found.around is not None:
        bundle, members = bundle_around(found.around, Path(file).parent), found.around.ground.members
        return Asked(chosen.action, chosen.at, chosen.recent, bundle, members, frozenset())
    assert alone is not None
    return _asked(alone[1], chosen.action, chosen.at, chosen.recent)


def _around_settings(path: Path) -> tuple[Ground, Settings] | None:
    """The ground of the settings; None without a settings file, which a cases file may do without."""
    if not path.is_file():
        return None
    settings = settings_file.load(path)
    return ground(settings, settings_file.load_tools(settings)), settings


def ground(settings: Settings, tools: Sequence[Tool]) -> Ground:
    """Everything that flags and cases may name, by the settings."""
    return Ground(settings_file.members(settings), settings_file.surroundings(settings), tools)


def of_flags(settings: Settings, raw: Mapping[str, object]) -> Asked:
    """An action told by its parts, in the words of cases; raises `Mistakes`."""
    mistakes: list[str] = []
    table = CaseTable("", dict(raw), mistakes)
    action = read_action(table, ground(settings, settings_file.load_tools(settings)), _LABELS)
    table.done(*ACTION_KEYS)
    if mistakes:
        raise Mistakes(list(dict.fromkeys(mistakes)))
    return _asked(settings, action)


def of_tool(settings: Settings, actor: Actor, named: str, arguments: str, file: Path | None, said: Said) -> Asked:
    """A call of a tool, `CONNECTION/NAME`, with its arguments as JSON; `file` defines further tools."""
    texts = settings_file.load_texts(settings)
    if file is not None:
        texts[f"tools/{file.name}"] = read_text(file)
    bundle = settings_file.bundle_of(settings, texts)
    connection = _called(settings, named.partition("/")[0])
    given = _arguments(arguments)  # a slip of whoever asks is a mistake here, and would be a refusal at the door
    if connection.name in settings.mcp:
        _at_the_door(settings.mcp[connection.name], bundle.rules.tools, named, given)
    action = from_tool_call(
        id=_ACTION,
        actor=actor,
        connection=connection,
        tool=bundle.rules.tools.get(named),
        name=named.partition("/")[2],
        arguments=arguments.encode(),
        reason=said.reason,
        ticket=said.ticket,
    )
    if connection.name in settings.access:
        action = replace(action, enforced_by=EnforcedBy.CALLER)
    return _asked(settings, action, bundle=bundle)


async def of_sql(settings: Settings, actor: Actor, name: str, text: str, said: Said) -> Asked:
    """An SQL statement as the PostgreSQL door reads it; raises `UpstreamFailed` when the server is away."""
    return _asked(settings, await _sql_action(settings, actor, _connection(settings, name), text.encode(), said))


async def _sql_action(
    settings: Settings, actor: Actor, connection: ConnectionSettings, text: bytes, said: Said
) -> Action:
    upstream, about = connection.upstream, connection.connection
    unsafe = connection.unsafe_superuser
    snapshot = await load_snapshot(upstream, unsafe_superuser=unsafe)
    labels = ColumnLabels(snapshot, settings_file.load_catalogs(settings)[about.name], about.name)
    async with describing(upstream, PINNED, tuple(REPORTED), unsafe_superuser=unsafe) as session:
        told = {REPORTED[name]: value.lower() for name, value in session.reported.items()}
        state = SessionState(session.schemas, session.role, told)
        try:
            statement = analyse(text, snapshot, state)
            if statement.copy is not None:
                copy_options(statement.copy)
        except NotUnderstood as unread:
            return refused(id=_ACTION, actor=actor, connection=about, because=unread.sentence)
        columns, types = await _described(session, statement.describe, text)
    payload = SqlStatement(text, simple=not types, parameter_types=types, parameters=(None,) * len(types))
    return from_sql(
        id=_ACTION,
        actor=actor,
        connection=about,
        statements=[PreparedStatement(statement, columns, payload)],
        labels=labels,
        snapshot=snapshot,
        state=state,
        identity=UpstreamIdentity(upstream.host, upstream.port, upstream.database, upstream.user),
        reason=said.reason,
        ticket=said.ticket,
        reveal=said.reveal,
        holds_token=holds_token,
    )


async def _described(
    session: Session, witness: bytes | None, text: bytes
) -> tuple[tuple[DescribedColumn, ...] | None, tuple[int, ...]]:
    """The outputs by the server, None where there are none to describe, and the types of the text's parameters."""
    if witness is None:
        return None, ()
    told = await describe(session, witness)
    if isinstance(told, Refused):
        code = known_sqlstate(told.sqlstate)
        raise InterlockError(f"the server doesn't take this statement: {sentence_for(code)} ({code})", code="refused")
    if max(told.parameters, default=0) >= FIRST_USER_OID:
        raise InterlockError("parameters of user-defined types aren't built yet", code="refused")
    return told.columns, told.parameters if witness == text else ()


def _asked(
    settings: Settings,
    action: Action,
    at: datetime | None = None,
    recent: Recent = QUIET,
    bundle: Bundle | None = None,
) -> Asked:
    everybody = excluded(settings)
    links = (action.actor, *action.actor.chain)
    out = frozenset[PersonId]().union(*(everybody.get(link.id, frozenset()) for link in links))
    return Asked(
        action,
        at or SystemClock().now(),
        recent,
        bundle or settings_file.load_bundle(settings),
        settings_file.members(settings),
        out,
    )


def said(reason: str, ticket: str, reveal: str) -> Said:
    """What the options say; raises `SettingsMistakes` for columns that can't be read."""
    columns = columns_in(reveal) if reveal else ()
    if columns is None:
        raise SettingsMistakes(['--reveal names columns such as "patients.mrn, public.patients.ssn"'])
    return Said(reason, ticket, columns)


def _connection(settings: Settings, name: str) -> ConnectionSettings:
    found = settings.connections.get(ConnectionName(name))
    if found is None:
        raise SettingsMistakes([f'there is no connection "{name}"{nearest(name, settings.connections)}'])
    return found


def _called(settings: Settings, name: str) -> Connection:
    """A tool's connection, which may be one that callers guard themselves."""
    known = settings_file.connections(settings)
    if ConnectionName(name) not in known:
        raise SettingsMistakes([f'there is no connection "{name}"{nearest(name, known)}'])
    return known[ConnectionName(name)]


def _at_the_door(server: McpSettings, tools: Mapping[str, Tool], named: str, given: Mapping[str, Any]) -> None:
    """Raises `SettingsMistakes` for a call that the door of an `[mcp.NAME]` refuses before any policy is asked."""
    tool = tools.get(named)
    if tool is None:
        if server.unpinned == "hide":
            near = nearest(named, tools)
            raise SettingsMistakes([f'agents are told that there is no "{named}": none is pinned{near}'])
        return
    try:
        compiled(tool.input_schema).check(given)
    except InterlockError as error:
        raise SettingsMistakes([f"{error.sentence}: the door refuses this before any policy is asked"]) from None


def _arguments(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsMistakes(["--arguments takes a JSON object"]) from None
    if not isinstance(value, dict):
        raise SettingsMistakes(["--arguments takes a JSON object"])
    return value
