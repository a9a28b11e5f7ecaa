"""What a case asks, as the action that a door would have made of it."""

from __future__ import annotations

from typing import Any, Final

from interlock.model.action import Action, Ask, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure, Output, WrittenColumn
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, GroupName, KeyId, PersonId, Verb
from interlock.model.payload import SqlPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.verb import (
    DOCUMENT_READ,
    PROMPT_COMPLETE,
    PROMPT_GET,
    SQL_COPY_IN,
    SQL_LISTEN,
    SQL_TRUNCATE,
    TOOL_CALL,
    TOOL_VERBS,
    VERBS,
)
from interlock.policy.case_table import CaseTable
from interlock.policy.ground import Ground, read_connection
from interlock.policy.schema import kinds_of
from interlock.policy.spelling import nearest
from interlock.policy.tools import Mapped, map_input

ACTION_KEYS: Final = ("asks", "verb", "resource", "kind", "input")
"""Keys that only some cases are asked for: near misses of them are told all the same."""

_NOBODY = PersonId("-")
_MASKED: Final = "a column that was read masked"
_CAPPABLE = frozenset({"read", "write", "export"})
_UNCOUNTED = frozenset(
    {SQL_TRUNCATE, SQL_COPY_IN, SQL_LISTEN, DOCUMENT_READ, PROMPT_GET, PROMPT_COMPLETE, *TOOL_VERBS.values()}
)


def read_action(table: CaseTable, ground: Ground, known: frozenset[Label]) -> Action:
    """The action of one case; mistakes are noted by the table."""
    actor = _named_actor(table, "actor", ground)
    connection = _connection(table, ground)
    tested, masked = table.labels("filters", known), table.labels("writes_masked", known)
    writes = table.labels("writes", known) | masked
    probes = table.labels("probes", known) if "probes" in table else tested
    filters = tested | probes
    shown = table.labels("labels", known)
    reveals = _reveals(table, connection, known)
    labels = shown | filters | writes | {reveal.label for reveal in reveals}
    asks = _asks(table, connection, known, labels)
    arguments = _arguments(table, asks, ground)
    exposure = Exposure(
        outputs=_outputs(shown, reveals),
        labels=labels,
        filters=filters,
        probes=probes,
        writes=writes,
        written=(WrittenColumn(f"{connection.name}/{_MASKED}", masked),) if masked else (),
        unbounded=table.flag("unbounded", False),
        opaque=table.flag("opaque", False) or _unread(asks, arguments),
    )
    return Action(
        id=ActionId("case"),
        actor=actor,
        connection=connection,
        asks=asks,
        payload=SqlPayload(()),
        cover={},
        form={},
        exposures=(exposure,),
        templates=(),
        reason_given=table.text("reason", ""),
        enforced_by=EnforcedBy(table.one_of("enforced_by", list(EnforcedBy), "gateway") or "gateway"),
        ticket_given=table.text("ticket", ""),
        reveals=reveals,
        input=arguments.input if arguments is not None else None,
        cappable=table.flag("cappable", _counts_rows(asks)),
        rows_estimate=table.number("rows_estimate") if "rows_estimate" in table else None,
    )


def _outputs(shown: frozenset[Label], reveals: frozenset[Reveal]) -> tuple[Output, ...]:
    plain = tuple(Output(each.column, 25, frozenset({each.label}), each.column) for each in sorted(reveals))
    return (Output("shown", 25, shown, None), *plain) if shown else plain


def _named_actor(table: CaseTable, key: str, ground: Ground) -> Actor:
    value = table.value(key)
    if isinstance(value, str):
        return _known_actor(table, key, value, ground)
    if key not in table:
        table.wrong(key, 'this is missing: name an actor, or say { kind = "agent", groups = ["..."] }')
        return _actor(ActorKind.AGENT, "", frozenset())
    return _actor_of(table.table(key), ground)


def _known_actor(table: CaseTable, key: str, name: str, ground: Ground) -> Actor:
    for kind, named in ground.around.actors.items():
        if name in named:
            return _actor(kind, name, named[name])
    every = [each for named in ground.around.actors.values() for each in named]
    table.wrong(key, f'nobody here is called "{name}"{nearest(name, every)}')
    return _actor(ActorKind.AGENT, name, frozenset())


def _actor_of(table: CaseTable, ground: Ground) -> Actor:
    """An actor written out: one that is known by its `id`, or made up of a `kind` and `groups`."""
    behalf = table.value("on_behalf_of")
    chain: list[Actor] = []
    for number, each in enumerate(behalf if isinstance(behalf, list) else [], start=1):
        one = CaseTable(table.where, {"actor": each}, table.mistakes, f"{table.path}.on_behalf_of[{number}]")
        chain.append(_named_actor(one, "actor", ground))
    if behalf is not None and not isinstance(behalf, list):
        table.wrong("on_behalf_of", "this must be an array of actors, nearest first")
    if "id" in table and "kind" not in table and "groups" not in table:
        known = _known_actor(table, "id", table.text("id"), ground)
        kind, name, groups = known.kind, str(known.id), known.groups
    else:
        kind = ActorKind(table.one_of("kind", list(ActorKind)) or "agent")
        name = table.text("id", "somebody")
        groups = frozenset(map(GroupName, table.texts("groups", ground.members)))
    table.done("kind", "groups", "id")
    return _actor(kind, name, groups, tuple(chain))


def _actor(kind: ActorKind, name: str, groups: frozenset[GroupName], chain: tuple[Actor, ...] = ()) -> Actor:
    return Actor(kind, ActorId(name), groups, _NOBODY, KeyId("-"), _NOBODY, _NOBODY, chain=chain)


def _connection(table: CaseTable, ground: Ground) -> Connection:
    value = table.value("connection")
    if isinstance(value, dict):
        made_up = table.table("connection")
        return read_connection(made_up, made_up.text("name"))
    name = table.text("connection")
    found = ground.around.connections.get(ConnectionName(name))
    if found is None and name:
        table.wrong("connection", f'there is no connection "{name}"{nearest(name, ground.around.connections)}')
    return found or Connection(ConnectionName(name), "postgres", "", frozenset())


def _asks(
    table: CaseTable, connection: Connection, known: frozenset[Label], labels: frozenset[Label]
) -> tuple[Ask, ...]:
    """`asks`, or the short form: one verb on one resource, which bears all of the case's labels."""
    if "asks" not in table:
        return (_ask(table, connection, labels),)
    for key in ("verb", "resource", "kind"):
        if key in table:
            table.wrong(key, "this belongs into `asks` when there is one")
            table.value(key)
    rows = table.rows("asks")
    if not rows:
        table.wrong("asks", "nothing is asked here")
    asks = []
    for row in rows:
        asks.append(_ask(row, connection, row.labels("labels", known)))
        row.done("kind")
    return tuple(asks)


def _ask(table: CaseTable, connection: Connection, labels: frozenset[Label]) -> Ask:
    verb = Verb(table.one_of("verb", VERBS))
    name = table.text("resource", "")
    kinds = kinds_of(verb) if verb else tuple(ResourceKind)
    usual = _usual(kinds, name)
    kind = ResourceKind(table.one_of("kind", [each.value for each in kinds], usual) or usual)
    if kind is ResourceKind.CONNECTION and name not in ("", connection.name):
        table.wrong("resource", "the resource is the connection here, so leave it out, or say its `kind`")
    if kind is not ResourceKind.CONNECTION and not name:
        table.wrong("resource", "this is missing")
    return Ask(verb, Resource(kind, _full(name, kind, connection), labels))


def _usual(kinds: tuple[ResourceKind, ...], name: str) -> str:
    """The kind that a case means which doesn't say: the connection without a name, else a relation, tool or model."""
    if ResourceKind.RELATION in kinds:
        return ResourceKind.RELATION if name else ResourceKind.CONNECTION
    return kinds[0]


def _full(name: str, kind: ResourceKind, connection: Connection) -> str:
    if kind is ResourceKind.CONNECTION:
        return str(connection.name)
    return name if name.startswith(f"{connection.name}/") else f"{connection.name}/{name}"


def _reveals(table: CaseTable, connection: Connection, known: frozenset[Label]) -> frozenset[Reveal]:
    found = set()
    for text in table.texts("reveal"):
        column, _, label = text.partition(" ")
        if column.count(".") < 2 or not label:
            table.wrong("reveal", f'"{text}" must be a column and its label, as in "public.patients.mrn phi.mrn"')
            continue
        read = table.label("reveal", label.strip(), known)
        if read is not None:
            found.add(Reveal(_full(column, ResourceKind.COLUMN, connection), read))
    return frozenset(found)


def _arguments(table: CaseTable, asks: tuple[Ask, ...], ground: Ground) -> Mapped | None:
    """The arguments of the call as its pinned tool maps them; None where no pinned tool is called."""
    value: Any = table.value("input") if "input" in table else {}
    if not isinstance(value, dict):
        table.wrong("input", "this must be a table: the arguments of the call")
        return None
    tools = [(ask.verb, ground.tool(ask.resource.id)) for ask in asks if ask.resource.kind is ResourceKind.TOOL]
    for verb, tool in tools:
        if tool is not None and verb == TOOL_CALL and verb not in tool.verbs:
            table.wrong("verb", f"no door asks so: by its map this tool is called by {' and '.join(tool.verbs)}")
    called = [tool for verb, tool in tools if tool is not None and verb == tool.verbs[0]]
    if "input" in table and not called:
        table.wrong("input", "policies read the arguments of pinned tools only, and none is called here")
    return map_input(called[0], value) if called else None


def _unread(asks: tuple[Ask, ...], arguments: Mapped | None) -> bool:
    """Whether a tool is called that isn't pinned, or with arguments that don't map: such a call is opaque."""
    return any(ask.verb in TOOL_VERBS.values() for ask in asks) and (arguments is None or not arguments.complete)


def _counts_rows(asks: tuple[Ask, ...]) -> bool:
    """Whether a door could count the rows of such an action, and undo it: not of a TRUNCATE, a COPY FROM, a call.

    BEGIN and COMMIT may stand around it, as they do at the door.
    """
    acting = [ask.verb for ask in asks if "session" not in VERBS.get(ask.verb, ())]
    return bool(acting) and all(
        not _CAPPABLE.isdisjoint(VERBS.get(verb, ())) and verb not in _UNCOUNTED for verb in acting
    )
