"""What a directory changes, kept as it wants it: who leaves, leaves in the same unit; who joins is marked due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from interlock.errors import Conflict, MalformedInput
from interlock.model.actor import Actor
from interlock.model.change import DropDocument, PutDocument, Unit
from interlock.model.document import DocumentKind
from interlock.model.entry import Draft
from interlock.model.names import ActorId, GroupName
from interlock.model.settings import ProvisioningSettings
from interlock.ports import Clock, Entropy, Ledger
from interlock.provisioning.desired import Desired, Stored
from interlock.registry import OPERATOR, People
from interlock.review.card import timestamp

USER, GROUP = DocumentKind.SCIM_USER, DocumentKind.SCIM_GROUP
MAX_USERS: Final = 5_000
MAX_GROUPS: Final = 500
MAX_MEMBERS: Final = 2_000
MAX_NAME: Final = 200  # characters of what a card shows
LEAVING_AT_ONCE: Final = 200  # entries of one unit


class Unacceptable(MalformedInput):
    """A user or group that can't be: the value of an attribute doesn't do here."""

    code = "invalid_value"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The directory's side: users and groups made, changed and dropped."""

    ledger: Ledger
    people: People
    desired: Desired
    clock: Clock
    entropy: Entropy
    settings: ProvisioningSettings
    is_name: Callable[[str], bool]  # whether a person may be called so (`settings.people.NAME`)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    # -- users --------------------------------------------------------------------------------------------------------

    async def make_user(self, actor: Actor, resource: Mapping[str, Any]) -> Stored:
        """A new user; who isn't here joins through a review. Raises `Unacceptable`, `Conflict` for a name in use."""
        name = str(resource["userName"]).lower()
        self._check_person(name, resource)
        async with self._changing:
            await self._check_room(USER, MAX_USERS)
            made = await self._made(actor, USER, name, resource)
            leaving = () if made.active else self._leaving(actor, made)
            await self._write(leaving, made)
            return made

    async def change_user(self, actor: Actor, was: Stored, resource: Mapping[str, Any]) -> Stored:
        """Another state of a user; one that isn't active any more leaves at once.

        Raises `Unacceptable`; `Conflict` when it was changed meanwhile.
        """
        if str(resource["userName"]).lower() != was.name:
            raise Unacceptable(
                "userName: it says who a person is, so it never changes. Delete the user and make another.",
                code="mutability",
            )
        self._check_person(was.name, resource)
        async with self._changing:
            to = self._changed(actor, was, resource)
            leaving = self._leaving(actor, was) if was.active and not to.active else ()
            await self._write(leaving, to)
            return to

    async def drop_user(self, actor: Actor, was: Stored) -> None:
        """The directory knows this user no more, in no group either; the person leaves at once."""
        async with self._changing:
            groups = [each for each in await self.desired.all(GROUP) if was.id in each.members]
            without = [PutDocument(self.desired.sealed(self._without(actor, each, was.id))) for each in groups]
            await self.ledger.commit(Unit(self._leaving(actor, was), (*without, DropDocument(USER, was.id))))

    def _without(self, actor: Actor, group: Stored, member: str) -> Stored:
        members = [each for each in group.resource.get("members", ()) if each.get("value") != member]
        return self._changed(actor, group, {**group.resource, "members": members})

    def _check_person(self, name: str, resource: Mapping[str, Any]) -> None:
        if not self.is_name(name) or name == OPERATOR:
            raise Unacceptable(
                "userName: a person's name here is of letters, digits, dots, hyphens and underscores, at most"
                ' 63, and not "operator".'
            )
        if ActorId(name) in self.people.directory.actors:
            raise Unacceptable("userName: an agent or service has this name, and who votes must be told apart.")
        shown = (resource.get("displayName"), *resource.get("name", {}).values(), resource.get("externalId"))
        for text in shown:
            _check_text(text, "displayName, name, externalId")

    def _leaving(self, actor: Actor, user: Stored) -> tuple[Draft, ...]:
        if self.people.directory.person(user.person) is None:
            return ()
        return self.people.leaving(user.person, actor.id)

    # -- groups -------------------------------------------------------------------------------------------------------

    async def make_group(self, actor: Actor, resource: Mapping[str, Any]) -> Stored:
        """A new group; its members join ours through a review. Raises `Unacceptable`, `Conflict` for a name in use."""
        await self._check_group(resource)
        async with self._changing:
            await self._check_room(GROUP, MAX_GROUPS)
            made = await self._made(actor, GROUP, str(resource["displayName"]), resource)
            await self._write((), made)
            return made

    async def change_group(self, actor: Actor, was: Stored, resource: Mapping[str, Any]) -> Stored:
        """Another state of a group; who isn't in it any more is out of ours at once."""
        await self._check_group(resource)
        async with self._changing:
            to = replace(self._changed(actor, was, resource), name=str(resource["displayName"]))
            await self._write(await self._dismissed(actor, was, to), to)
            return to

    async def drop_group(self, actor: Actor, was: Stored) -> None:
        """The group is gone, and who was in it is out of ours at once."""
        async with self._changing:
            await self._write_chunks(await self._dismissed(actor, was, None), DropDocument(GROUP, was.id))

    async def _check_group(self, resource: Mapping[str, Any]) -> None:
        name = resource["displayName"]
        _check_text(name, "displayName")
        if not name:
            raise Unacceptable("displayName: a group has one.")
        members = [str(each.get("value", "")) for each in resource.get("members", ())]
        if len(members) > MAX_MEMBERS:
            raise Unacceptable(f"members: a group here has at most {MAX_MEMBERS:,}.")
        for member in set(members):
            if await self.desired.one(USER, member) is None:
                raise Unacceptable("members: each is the id of a user here; groups in groups aren't taken.")

    async def _dismissed(self, actor: Actor, was: Stored, to: Stored | None) -> tuple[Draft, ...]:
        """Entries for those whom this group held in one of ours, and no group holds there after it."""
        ours = self.settings.groups.get(was.name)
        if ours is None:
            return ()
        staying = to.members if to is not None and self.settings.groups.get(to.name) == ours else frozenset[str]()
        lost = was.members - staying
        if not lost:
            return ()
        for other in await self.desired.all(GROUP):
            if other.id != was.id and self.settings.groups.get(other.name) == ours:
                lost -= other.members
        found = [await self.desired.one(USER, member) for member in sorted(lost)]
        return tuple(self._out(found, ours, actor.id))

    def _out(self, users: Iterable[Stored | None], group: GroupName, by: str) -> Iterable[Draft]:
        for user in users:
            person = self.people.directory.person(user.person) if user is not None else None
            if person is not None and group in person.groups:
                yield self.people.out_of(person.id, group, by)

    # -- both ---------------------------------------------------------------------------------------------------------

    async def _check_room(self, kind: DocumentKind, most: int) -> None:
        if await self.desired.count(kind) >= most:
            raise Conflict(f"there are {most:,} of these already", code="too_many")

    async def _made(self, actor: Actor, kind: DocumentKind, name: str, resource: Mapping[str, Any]) -> Stored:
        if await self.desired.named(kind, name) is not None:
            raise Conflict("there is one of this name already", code="uniqueness")
        now = self.clock.now()
        at = timestamp(now)
        return Stored(kind, self.entropy.uuid7(), name, 1, now, now, resource, actor.key, at, at)

    def _changed(self, actor: Actor, was: Stored, resource: Mapping[str, Any]) -> Stored:
        now = self.clock.now()
        to = replace(was, resource=resource)
        # What was denied is asked again only once the directory has taken it back and says it anew.
        if was.kind is USER:
            asked = was.asked if was.active and to.active else {}
        else:
            asked = {member: review for member, review in was.asked.items() if member in to.members}
        return replace(
            to,
            version=was.version + 1,
            at=now,
            due_at=now,
            key=actor.key,
            modified=timestamp(now),
            revision=was.revision + 1,
            asked=asked,
        )

    async def _write(self, leaving: Sequence[Draft], to: Stored) -> None:
        await self._write_chunks(leaving, PutDocument(self.desired.sealed(to)))

    async def _write_chunks(self, leaving: Sequence[Draft], change: PutDocument | DropDocument) -> None:
        """Removals in front: should it stop half-way, fewer people are in than the document says."""
        while len(leaving) > LEAVING_AT_ONCE:
            await self.ledger.commit(Unit(tuple(leaving[:LEAVING_AT_ONCE])))
            leaving = leaving[LEAVING_AT_ONCE:]
        await self.ledger.commit(Unit(tuple(leaving), (change,)))

    # -- what is wanted -----------------------------------------------------------------------------------------------

    async def wanted_groups(self, user: Stored) -> frozenset[GroupName]:
        """Ours that the directory's groups put this user in."""
        if not user.active:
            return frozenset()
        mapping = self.settings.groups
        groups = await self.desired.all(GROUP)
        return frozenset(mapping[each.name] for each in groups if each.name in mapping and user.id in each.members)


def _check_text(text: object, where: str) -> None:
    if isinstance(text, str) and (len(text) > MAX_NAME or not text.isprintable()):
        raise Unacceptable(f"{where}: at most {MAX_NAME} characters, all of them printable.")
