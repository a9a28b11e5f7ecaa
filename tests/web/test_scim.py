"""SCIM over a real socket, by a real client (scim2-client); and what a provisioning key is good for and what not."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_client.client import BaseAsyncSCIMClient, RawResponse
from scim2_models import Group, GroupMember, PatchOp, ScimProvider, User
from tests.a_directory_service import SETTINGS, House, house
from tests.promises.a_control_port import caller, signed_in

from interlock.model.document import DocumentKind
from interlock.model.entry import EntryType
from interlock.model.names import PersonId
from interlock.model.secret import Secret

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
STRANGER = b'{"schemas": ["%s"], "displayName": "x", "members": [{"value": "?"}]}' % GROUP.encode()
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class Client(BaseAsyncSCIMClient):
    """scim2-client on httpx."""

    def __init__(self, client: httpx.AsyncClient, **named: Any) -> None:
        super().__init__(**named)
        self.client = client

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self.client.build_request("GET", endpoint).url).startswith(str(self.client.base_url))

    def _parse_json(self, response: RawResponse) -> Any:
        assert isinstance(response, httpx.Response)
        return response.json()

    async def request(self, method: str, url: str, **named: Any) -> httpx.Response:
        return await self.client.request(method, url, **named)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run's signals are pytest's


@dataclass
class Served:
    """A house on a socket, and a directory's client."""

    house: House
    raw: httpx.AsyncClient
    scim: Any  # its answers are unions of what a server may say

    async def settle(self, who: str = "remy") -> None:
        """Proposes, signs and takes up what is due."""
        await self.house.provisioning.settle_due()
        for review in await self.house.pending():
            assert await self.house.vote(review, who) == 200
        await self.house.provisioning.settle_due()

    async def user(self, name: str, **more: Any) -> str:
        """A user made by plain HTTP; their id."""
        answer = await self.raw.post("/Users", json={"schemas": [USER], "userName": name, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        """A PATCH by plain HTTP."""
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.raw.patch(path, json=body, headers=headers)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Served]:
    async with house(tmp_path) as opened, on_a_socket(opened) as served:
        yield served


@asynccontextmanager
async def on_a_socket(opened: House) -> AsyncIterator[Served]:
    key = await opened.key()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = _Server(uvicorn.Config(opened.app, access_log=False, log_level="warning", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/scim/v2"
        headers = {"Authorization": f"Bearer {key.reveal()}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=20) as raw:
            yield Served(opened, raw, Client(raw, provider=ScimProvider(models=[User, Group])))
        server.should_exit = True
        await running


# -- the client's whole way -------------------------------------------------------------------------------------------


async def test_a_directory_brings_somebody_into_a_group_and_takes_them_out(here: Served) -> None:
    scim = here.scim
    await scim.discover()
    ana = await scim.create(User(user_name="ana", display_name="Ana Quist", external_id="00u1", active=True))
    assert isinstance(ana, User) and ana.id and ana.meta and ana.meta.version == 'W/"1"'
    officers = await scim.create(
        Group(display_name="Officers", members=[GroupMember.model_validate({"value": ana.id})])
    )
    assert isinstance(officers, Group) and officers.id
    assert here.house.groups("ana") is None
    await here.settle()
    assert here.house.groups("ana") == {"officers"}
    assert (await scim.query(User, ana.id)).external_id == "00u1"
    found = await scim.query(User, query_parameters={"filter": 'userName eq "ANA"'})
    assert [each.id for each in found.resources] == [ana.id]
    removing = {"op": "remove", "path": f'members[value eq "{ana.id}"]'}
    patch = PatchOp[Group].model_validate({"operations": [removing]})
    changed = await scim.modify(Group, officers.id, patch)
    assert isinstance(changed, Group) and not changed.members
    assert here.house.groups("ana") == set()
    ana.active = False
    assert (await scim.replace(ana)).active is False
    assert here.house.groups("ana") is None
    await scim.delete(User, ana.id)
    assert (await here.raw.get(f"/Users/{ana.id}")).status_code == 404
    kinds = [d["what"] for d in await here.house.entries(EntryType.IDENTITY_CHANGED)]
    assert kinds == ["person_added", "group_added", "group_removed", "person_removed"]


# -- what it answers --------------------------------------------------------------------------------------------------


async def test_lists_are_paged_and_filtered(here: Served) -> None:
    ids = [await here.user(f"p{n}", externalId=f"x{n}") for n in range(5)]
    page = (await here.raw.get("/Users?startIndex=2&count=2&sortBy=userName")).json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert [each["id"] for each in page["Resources"]] == sorted(ids)[1:3]
    for query, expected in (
        ('externalId eq "x3"', [ids[3]]),
        ('externalId eq "X3"', []),
        (f'id eq "{ids[0]}"', [ids[0]]),
        ('userName eq "nobody"', []),
    ):
        found = (await here.raw.get("/Users", params={"filter": query})).json()
        assert [each["id"] for each in found["Resources"]] == expected, query
    made = await here.raw.post("/Groups", json={"schemas": [GROUP], "displayName": "On call"})
    found = (await here.raw.get("/Groups", params={"filter": 'displayName eq "on CALL"'})).json()
    assert [each["id"] for each in found["Resources"]] == [made.json()["id"]]
    assert (await here.raw.get("/Users?count=0")).json()["Resources"] == []
    shown = (await here.raw.get(f"/Users/{ids[0]}?attributes=userName")).json()
    assert "userName" in shown and "externalId" not in shown and "meta" not in shown


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "scim_type"),
    [
        ("POST", "/Users", b"{", 400, "invalidSyntax"),
        ("POST", "/Users", b"[" * 60_000, 400, "invalidSyntax"),
        ("POST", "/Users", b'{"userName": "a", "userName": "b"}', 400, "invalidSyntax"),
        ("POST", "/Users", b'{"schemas": ["%s"]}' % USER.encode(), 400, "invalidValue"),
        ("POST", "/Users", b'{"schemas": ["%s"], "userName": "etl"}' % USER.encode(), 400, "invalidValue"),
        ("POST", "/Users", b'{"schemas": ["%s"], "userName": "A B"}' % USER.encode(), 400, "invalidValue"),
        ("POST", "/Users", b'{"schemas": ["%s"], "userName": "ana"}' % USER.encode(), 409, "uniqueness"),
        ("POST", "/Groups", STRANGER, 400, "invalidValue"),
        ("GET", '/Users?filter=userName sw "a"', b"", 400, "invalidFilter"),
        ("GET", '/Users?filter=userName eq "a" or id pr', b"", 400, "invalidFilter"),
        ("GET", "/Users?startIndex=x", b"", 400, "invalidSyntax"),
        ("GET", "/Users/nobody", b"", 404, None),
        ("GET", "/Nothing", b"", 404, None),
        ("DELETE", "/Users", b"", 405, None),
    ],
)  # fmt: skip
async def test_errors_are_in_scims_form(
    here: Served, method: str, path: str, content: bytes, status: int, scim_type: str | None
) -> None:
    await here.user("ana")
    answer = await here.raw.request(method, path, content=content)
    told = answer.json()
    assert (answer.status_code, told["schemas"], told["status"]) == (status, [ERROR], str(status))
    assert told.get("scimType") == scim_type and answer.headers["content-type"].startswith("application/scim+json")


async def test_a_body_is_bounded(here: Served) -> None:
    answer = await here.raw.post("/Users", content=b" " * (64 * 1024 + 1))
    assert answer.status_code == 413


async def test_a_stale_revision_is_refused_and_a_known_one_isnt_sent_again(here: Served) -> None:
    id_ = await here.user("ana")
    off = {"op": "replace", "path": "active", "value": "False"}
    assert (await here.patch(f"/Users/{id_}", off, **{"If-Match": 'W/"7"'})).status_code == 412
    read = await here.raw.get(f"/Users/{id_}")
    assert read.headers["etag"] == 'W/"1"'
    again = await here.raw.get(f"/Users/{id_}", headers={"If-None-Match": 'W/"1"'})
    assert (again.status_code, again.content) == (304, b"")
    changed = await here.patch(f"/Users/{id_}", off, **{"If-Match": 'W/"1"'})
    assert changed.json()["active"] is False and changed.headers["etag"] == 'W/"2"'


async def test_looking_for_what_is_due_changes_no_revision(here: Served) -> None:
    id_ = await here.user("ana")
    await here.house.provisioning.settle_due()
    assert (await here.raw.get(f"/Users/{id_}")).headers["etag"] == 'W/"1"'


async def test_entra_takes_members_away_by_value(here: Served) -> None:
    ids = [await here.user(name) for name in ("dana", "remy")]
    members = [{"value": id_} for id_ in ids]
    made = await here.raw.post("/Groups", json={"schemas": [GROUP], "displayName": "Officers", "members": members})
    path = f"/Groups/{made.json()['id']}"
    answer = await here.patch(path, {"op": "Remove", "path": "members", "value": [{"value": ids[0]}]})
    assert [each["value"] for each in answer.json()["members"]] == [ids[1]]
    assert here.house.groups("dana") == set() and here.house.groups("remy") == {"officers"}


async def test_no_more_is_kept_of_people_than_who_they_are(here: Served) -> None:
    canary = "canary-4711"
    id_ = await here.user("ana", password=canary, emails=[{"value": f"{canary}@corp.local"}], title=canary)
    assert canary not in (await here.raw.get(f"/Users/{id_}")).text
    stored = await here.house.wishes.desired.all(DocumentKind.SCIM_USER)
    assert canary not in repr(stored)


async def test_a_deleted_user_is_in_no_group_any_more(here: Served) -> None:
    id_ = await here.user("ana")
    made = await here.raw.post(
        "/Groups", json={"schemas": [GROUP], "displayName": "Officers", "members": [{"value": id_}]}
    )
    assert (await here.raw.delete(f"/Users/{id_}")).status_code == 204
    assert "members" not in (await here.raw.get(f"/Groups/{made.json()['id']}")).json()


@pytest.mark.parametrize("text", [r"\ud800", r"\udfffx", r"\u0000"])
async def test_what_is_no_text_is_no_name_member_or_filter(here: Served, text: str) -> None:
    for path, body in (
        ("/Users", f'{{"schemas": ["{USER}"], "userName": "{text}"}}'),
        ("/Groups", f'{{"schemas": ["{GROUP}"], "displayName": "x", "members": [{{"value": "{text}"}}]}}'),
    ):
        answer = await here.raw.post(path, content=body)
        kind = "invalidValue" if text == r"\u0000" else "invalidSyntax"  # half a character is no JSON text at all
        assert (answer.status_code, answer.json()["scimType"]) == (400, kind), answer.text
    for path in ("/Users", "/Groups"):
        answer = await here.raw.get(path, params={"filter": f'id eq "{text}"'})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), answer.text


TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["ana", "members", "userName", "name.givenName", "\ud800"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("value") | TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMED = st.fixed_dictionaries(
    {"schemas": st.sampled_from([[USER], [GROUP], [PATCH]]) | VALUES},
    optional=dict.fromkeys(
        ("userName", "displayName", "externalId", "name", "active", "members", "id", "meta", "Operations"),
        TEXTS | VALUES,
    ),
)
PATCHES = st.fixed_dictionaries(
    {
        "schemas": st.just([PATCH]),
        "Operations": st.lists(
            st.fixed_dictionaries(
                {"op": st.sampled_from(["add", "replace", "remove"]) | VALUES},
                optional={"path": TEXTS, "value": VALUES},
            ),
            max_size=3,
        ),
    }
)
ATTRIBUTES = st.sampled_from(["id", "userName", "displayName", "externalId", "members"])
FILTERS = st.builds("{} eq {}".format, ATTRIBUTES, TEXTS.map(json.dumps)) | TEXTS


async def test_whatever_a_directory_sends_is_our_fault_never(here: Served) -> None:
    user = await here.user("ana")
    group = (await here.raw.post("/Groups", json={"schemas": [GROUP], "displayName": "Officers"})).json()["id"]
    await asyncio.to_thread(_send_anything, here, user, group)


def _send_anything(here: Served, user: str, group: str) -> None:
    with httpx.Client(base_url=here.raw.base_url, headers=here.raw.headers, trust_env=False, timeout=20) as client:

        @settings(max_examples=60, deadline=None)
        @given(st.sampled_from([("Users", user), ("Groups", group)]), NAMED, PATCHES, FILTERS)
        def send(at: tuple[str, str], named: dict[str, Any], patch: dict[str, Any], asked: str) -> None:
            path, query = "/".join(at), asked.encode("utf-8", "replace").decode()
            answers = [
                client.post(at[0], content=json.dumps(named)),
                client.put(path, content=json.dumps(named)),
                client.patch(path, content=json.dumps(patch)),
                client.get(at[0], params={"filter": query}),
                client.get(at[0], params={"attributes": query}),
            ]
            assert [each.text for each in answers if each.status_code >= 500] == []

        send()


# -- who may ----------------------------------------------------------------------------------------------------------


async def test_a_provisioning_key_is_good_for_scim_alone(here: Served) -> None:
    key = Secret(here.raw.headers["authorization"].removeprefix("Bearer "))
    await here.user("ana")
    await here.house.provisioning.settle_due()
    (review,) = await here.house.pending()
    card = await here.house.office.desk.card(review.id)
    ballot = {"verdict": "approve", "action_digest": card.action_digest, "card_digest": card.card_digest}
    async with caller(here.house.app, key.reveal()) as client:
        for method, path, body in (
            ("GET", "/api/whoami", None),
            ("GET", "/api/reviews", None),
            ("GET", f"/api/reviews/{review.id}", None),
            ("POST", f"/api/reviews/{review.id}/votes", ballot),
            ("POST", f"/api/reviews/{review.id}/withdraw", {}),
            ("GET", "/api/people/me", None),
            ("POST", "/api/people/me/wards/etl/accept", None),
            ("POST", "/api/operator/keys", {"holder": "dana", "made_by": "dana"}),
            ("POST", "/api/operator/provisioning-keys", {"name": "x", "made_by": "dana"}),
            ("POST", "/api/bundles", {"sources": {"a.cedar": ""}}),
        ):
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 403, (path, answer.text)
        assert (await client.get("/")).status_code == 401
    assert here.house.groups("ana") is None


async def test_nobody_else_speaks_scim(here: Served) -> None:
    office = here.house.office
    _, of_dana = await office.registry.issue_key("dana", PersonId("dana"), None)
    for token, status in ((of_dana.reveal(), 403), ("o" * 43, 403), ("ilk_00_x", 401), (None, 401)):
        async with caller(here.house.app, token) as client:
            for path in ("/scim/v2/Users", "/scim/v2/ServiceProviderConfig"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["schemas"]) == (status, [ERROR]), (token, path)
    async with signed_in(here.house.app, office, "dana") as client:
        assert (await client.get("/scim/v2/Users")).status_code == 403


async def test_scim_is_off_unless_the_settings_say_so(tmp_path: Path) -> None:
    async with house(tmp_path, settings=replace(SETTINGS, scim=False)) as closed, on_a_socket(closed) as served:
        assert (await served.raw.get("/Users")).status_code == 404
