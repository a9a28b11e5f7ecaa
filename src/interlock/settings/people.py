"""People, and the agents and services that they answer for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from interlock.model.actor import ActorKind
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.person import Person
from interlock.model.settings import AgentSettings
from interlock.policy.spelling import nearest
from interlock.settings.table import Table
from interlock.settings.workloads import check_different, read_credentials

# Names stand in policies, ledger entries, SQL user names and URLs.
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
NAME_SENTENCE = "a name is of lower-case letters, digits, dots, hyphens and underscores, at most 63"
# Words that policies compare: groups, environments, tags. A blank at either end would be seen by nobody.
WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
WORD_SENTENCE = "this must be of lower-case letters, digits, hyphens and underscores, at most 63"
# The ledger writes this for who holds the machine's operator token; nobody else may be taken for that.
RESERVED = frozenset({"operator"})
MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3: a path of 256 with its brackets
ADDRESS_SENTENCE = "this must be a plain mail address, such as dana@example.org"
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)


def is_person_name(name: str) -> bool:
    """Whether a person can be called so."""
    return NAME.fullmatch(name) is not None and name not in RESERVED


@dataclass(frozen=True, slots=True)
class Reached:
    """Where the settings say that people are reached: mail addresses, and whose each user id at a pager is."""

    addresses: dict[PersonId, str] = field(default_factory=dict)
    pager_accounts: dict[tuple[str, str], PersonId] = field(default_factory=dict)


def read_people(root: Table) -> tuple[dict[PersonId, Person], dict[str, PersonId], Reached]:
    """`[people.NAME]`; whose each account at the OIDC provider is that the settings name (its `sub` claim); and where
    they are reached."""
    people: dict[PersonId, Person] = {}
    accounts: dict[str, PersonId] = {}
    reached = Reached()
    for name, table in root.tables("people"):
        check_name(root, f"people.{name}", name, RESERVED)
        people[PersonId(name)] = Person(PersonId(name), table.text("name", name), _groups(table))
        subject = table.optional("oidc")
        if subject and accounts.setdefault(subject, PersonId(name)) != name:
            table.wrong("oidc", f"[people.{accounts[subject]}] has this account already")
        _read_reached(table, PersonId(name), reached)
        table.done()
    return people, accounts, reached


def read_actors(
    root: Table, people: Mapping[PersonId, Person], issuers: Collection[str]
) -> dict[ActorId, AgentSettings]:
    """`[agents.NAME]` and `[services.NAME]`: each with an owner who is a person, and a name that nobody else has."""
    actors: dict[ActorId, AgentSettings] = {}
    tables: dict[ActorId, Table] = {}
    for key, kind in (("agents", ActorKind.AGENT), ("services", ActorKind.SERVICE)):
        for text, table in root.tables(key):
            name, where = ActorId(text), f"{key}.{text}"
            check_name(root, where, name, RESERVED)
            if PersonId(name) in people:
                root.wrong(where, "a person has this name; who votes and who asks must be told apart")
            if name in actors:
                root.wrong(where, "an agent has this name already")
            owner, groups = PersonId(table.text("owner")), _groups(table)
            actors[name] = AgentSettings(name, kind, owner, groups, *read_credentials(table, issuers))
            tables[name] = table
            table.done()
    check_different(root, tables, actors)
    for name, actor in actors.items():
        _check_owner(tables[name], actor.owner, people, actors)
    return actors


def check_name(root: Table, where: str, name: str, reserved: frozenset[str] = frozenset()) -> None:
    """Notes a mistake when `name` can't be one."""
    if not NAME.fullmatch(name):
        root.wrong(where, NAME_SENTENCE)
    if name in reserved:
        root.wrong(where, f'"{name}" is what the ledger calls who holds the operator\'s token; take another name')


def check_words(table: Table, key: str, words: Iterable[str]) -> None:
    """Notes a mistake when one of the words can't be one."""
    if not all(WORD.fullmatch(word) for word in words):
        table.wrong(key, WORD_SENTENCE)


def _read_reached(table: Table, person: PersonId, reached: Reached) -> None:
    if address := table.optional("email"):
        reached.addresses[person] = address
        if not is_address(address):
            table.wrong("email", ADDRESS_SENTENCE)
    for pager in ("pagerduty", "opsgenie"):
        account = table.optional(pager)
        if account and (whose := reached.pager_accounts.setdefault((pager, account), person)) != person:
            table.wrong(pager, f"[people.{whose}] has this account already")


def is_address(text: str) -> bool:
    """Whether this is one plain mail address, of ASCII, that can stand in a header without quoting (RFC 5321 4.1.2)."""
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def _check_owner(
    table: Table, owner: PersonId, people: Mapping[PersonId, Person], actors: Mapping[ActorId, AgentSettings]
) -> None:
    if not owner or owner in people:
        return
    if ActorId(owner) in actors:
        table.wrong("owner", f'"{owner}" is an agent or service, and an owner is a person')
    else:
        table.wrong("owner", f'there is no person "{owner}"{nearest(owner, people)}')


def _groups(table: Table) -> frozenset[GroupName]:
    names = table.texts("groups")
    check_words(table, "groups", names)
    return frozenset(GroupName(name) for name in names)
