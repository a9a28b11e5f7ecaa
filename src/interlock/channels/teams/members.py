"""Who is in a conversation, as Teams itself says: full members, guests, people of other directories; and their ids."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic, TypeVar

from interlock.channels.teams.connector import Connector, root_of
from interlock.errors import UpstreamFailed
from interlock.model.channels import Account, Channel

KNOWN_FOR: Final = 60.0  # seconds: how long somebody who was made a guest may still pass for a member
ROSTER_FOR: Final = 600.0
MAX_KNOWN: Final = 5_000
MAX_ROSTERS: Final = 50

_OBJECT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_MEMBERS: Final = frozenset({"user", "owner", "admin"})
_USER: Final = re.compile(r"29:[A-Za-z0-9_-]{1,200}", re.ASCII)

T = TypeVar("T")


def is_object_id(text: str) -> bool:
    """Whether this is the object id of a directory's user, in small letters."""
    return bool(_OBJECT.fullmatch(text))


class Members:
    """Looks members up, and remembers them shortly. `now`: seconds of a clock that never goes back."""

    def __init__(self, connector: Connector, tenant: str, now: Callable[[], float]) -> None:
        self._connector = connector
        self._tenant = tenant.lower()
        self._accounts = _Kept[Account](now, KNOWN_FOR, MAX_KNOWN)
        self._rosters = _Kept[Mapping[str, str]](now, ROSTER_FOR, MAX_ROSTERS)

    async def account(self, conversation: str, user: str) -> Account | None:
        """The account of an object id that spoke in a conversation; None where Teams doesn't say enough of it.

        A guest is whom Teams calls anything else than a user, owner or admin, or whose name at the directory is one of
        a guest; foreign, who is of another directory.
        """
        key = f"{root_of(conversation)} {user}"
        known = self._accounts.get(key)
        if known is None and (known := await self._looked_up(conversation, user)) is not None:
            self._accounts.put(key, known)
        return known

    async def user_ids(self, conversation: str, users: Iterable[str]) -> tuple[str, ...]:
        """Teams' ids (`29:...`) of those of the users who are in the conversation; nobody's where it doesn't say."""
        roster = self._rosters.get(root_of(conversation))
        if roster is None:
            try:
                members = await self._connector.roster(conversation)
            except UpstreamFailed:
                return ()  # their cards aren't refreshed by themselves, and a button does it
            roster = {(m.aad_object_id or "").lower(): m.id for m in members if _USER.fullmatch(m.id)}
            self._rosters.put(root_of(conversation), roster)
        return tuple(roster[user] for user in users if user in roster)

    async def _looked_up(self, conversation: str, user: str) -> Account | None:
        try:
            member = await self._connector.member(conversation, user)
        except UpstreamFailed:
            return None
        role, tenant = (member.user_role or "").lower(), (member.tenant_id or "").lower()
        if (member.aad_object_id or "").lower() != user or not role or not tenant:
            return None
        guest = role not in _MEMBERS or "#ext#" in (member.user_principal_name or "").lower()
        return Account(Channel.TEAMS, self._tenant, user, guest=guest, foreign=tenant != self._tenant)


class _Kept(Generic[T]):
    """Values for a while, at most so many."""

    def __init__(self, now: Callable[[], float], seconds: float, most: int) -> None:
        self._now, self._seconds, self._most = now, seconds, most
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        found = self._values.get(key)
        return found[1] if found is not None and self._now() - found[0] < self._seconds else None

    def put(self, key: str, value: T) -> None:
        self._values[key] = (self._now(), value)
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
