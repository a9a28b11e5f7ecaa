"""What cases stand on: the actors, groups, connections and tools that they name, of the settings or made up for them.

[around]
packs = ["hipaa"]                 what is tried
beside = ["agents"]               packs loaded with it
files = ["mine.cedar"]            policies of your own, from the cases file's directory
[around.groups]                   the people in each group; none for a group of agents and services
privacy-officers = ["dana"]
ai-agents = []
[around.agents]                   and [around.services]: their groups
etl-agent = ["ai-agents"]
[around.connections.clinic]
environment = "production"
tags = ["hipaa"]
[around.tools."tracker/create_issue"]
input_schema = { type = "object" }
does = ["write"]                  what it is mapped to, as in the file that pins it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interlock.errors import EntryRefused
from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL, TOOL_VERBS
from interlock.policy.case_table import CaseTable
from interlock.policy.surroundings import Members, Surroundings


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that cases may name, and what a bundle for them is loaded with."""

    members: Members
    around: Surroundings
    tools: Sequence[Tool] = ()

    def tool(self, id_: str) -> Tool | None:
        """The pinned tool of this full name."""
        return next((tool for tool in self.tools if tool.id == id_), None)


@dataclass(frozen=True, slots=True)
class Around:
    """A cases file's own `[around]`: the ground, and which policies stand on it."""

    ground: Ground
    packs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    files: tuple[str, ...] = field(default=())


def read_around(table: CaseTable) -> Around:
    """What `[around]` says; mistakes are noted by the table."""
    packs, beside, files = table.texts("packs"), table.texts("beside"), table.texts("files")
    if not packs and not files:
        table.wrong("packs", "name the packs, or the `files`, that are tried here")
    for twice in sorted(set(packs) & set(beside)):
        table.wrong("beside", f'"{twice}" is among `packs` already')
    members = _members(table.table("groups"))
    actors = {
        ActorKind.AGENT: _actors(table.table("agents"), members),
        ActorKind.SERVICE: _actors(table.table("services"), members),
        ActorKind.PERSON: _people(members),
    }
    connections = _connections(table.table("connections"))
    tools = _tools(table.table("tools"), connections)
    table.done()
    return Around(Ground(members, Surroundings(connections, actors), tools), packs, beside, files)


def _members(table: CaseTable) -> Members:
    return {GroupName(group): frozenset(map(PersonId, table.texts(group))) for group in table}


def _people(members: Members) -> Mapping[str, frozenset[GroupName]]:
    people = frozenset().union(*members.values())
    return {person: frozenset(group for group in members if person in members[group]) for person in people}


def _actors(table: CaseTable, members: Members) -> Mapping[str, frozenset[GroupName]]:
    return {name: frozenset(map(GroupName, table.texts(name, members))) for name in table}


def _connections(table: CaseTable) -> Mapping[ConnectionName, Connection]:
    found: dict[ConnectionName, Connection] = {}
    for name in table:
        found[ConnectionName(name)] = read_connection(table.table(name), name)
    return found


def read_connection(table: CaseTable, name: str) -> Connection:
    """A connection as written; `name` is what it is called."""
    connection = Connection(
        name=ConnectionName(name),
        kind=table.text("kind", "postgres"),
        environment=table.text("environment"),
        tags=frozenset(table.texts("tags")),
    )
    table.done()
    return connection


def _tools(table: CaseTable, connections: Mapping[ConnectionName, Connection]) -> tuple[Tool, ...]:
    found = []
    for id_ in table:
        connection, _, name = id_.partition("/")
        if ConnectionName(connection) not in connections or not name:
            table.wrong(id_, 'a tool is named by its connection and its own name, as in "tracker/create_issue"')
        definition = table.table(id_)
        schema = definition.value("input_schema")
        if schema is not None and not isinstance(schema, dict):
            definition.wrong("input_schema", "this must be a table: the JSON Schema of the tool's arguments")
        plain: dict[str, Any] = schema if isinstance(schema, dict) else {}
        does = definition.texts("does", TOOL_VERBS)
        verbs = tuple(TOOL_VERBS[group] for group in does if group in TOOL_VERBS) or (TOOL_CALL,)
        tool = Tool(ConnectionName(connection), name, plain, definition.text("description", ""), verbs=verbs)
        try:
            _ = tool.digest
        except EntryRefused as refused:
            definition.wrong("input_schema", f"this can't be pinned: {refused.sentence}")
        definition.done()
        found.append(tool)
    return tuple(found)
