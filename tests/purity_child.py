"""Imports and uses every pure package where files, sockets, clocks and randomness raise; prints each one's name.

python -m tests.purity_child [what to try on purpose]
"""

from __future__ import annotations

import builtins
import importlib
import os
import pkgutil
import random
import secrets
import socket
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# What pure packages stand on is loaded before: native libraries read files of their own when they are imported.
LIBRARIES = (
    "cedarpy",
    "cedarpy.pst",
    "postgast",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "google.protobuf",
    "jsonschema",
    "pydantic.plugin._loader",
    "pydantic.plugin._schema_validator",
    "webauthn",
    "testkit.authenticator",  # the test's own; what it stands on reads files as well
)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Impure(BaseException):
    """Something touched the world; not an `Exception`, so that nobody takes it for one of theirs."""


def _forbid(owner: Any, *names: str) -> None:
    for name in names:

        def impure(*_: object, name: str = name, **__: object) -> Any:
            raise Impure(name)

        setattr(owner, name, impure)


def forbid_everything() -> None:
    """From now on, whoever touches the world fails; pydantic, which asks the environment for plugins with each class of
    a model that is made, is told that there are none."""
    sys.modules["pydantic.plugin._schema_validator"].__dict__["get_plugins"] = tuple
    sys.modules["pydantic.plugin._loader"].__dict__["get_plugins"] = tuple
    _forbid(builtins, "open", "input")
    _forbid(os, "open", "read", "write", "urandom", "getrandom", "listdir", "getenv")
    _forbid(socket, "socket", "create_connection", "getaddrinfo")
    _forbid(time, "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep")
    _forbid(random, "random", "randint", "randrange", "choice", "getrandbits", "randbytes", "shuffle")
    _forbid(secrets, "token_bytes", "token_hex", "token_urlsafe", "randbelow", "choice")
    _forbid(uuid, "uuid1", "uuid4")
    _forbid(Path, "open", "read_text", "read_bytes", "write_text", "write_bytes", "exists", "stat")


ON_PURPOSE: dict[str, Callable[[], object]] = {
    "file": lambda: open("nothing"),  # noqa: SIM115, PTH123
    "socket": lambda: socket.socket(),
    "clock": lambda: time.time(),
    "sleep": lambda: time.sleep(0),
    "random": lambda: random.random(),
    "entropy": lambda: os.urandom(1),
    "uuid": lambda: uuid.uuid4(),
}


def modules_of(package: str) -> list[str]:
    """The names of every module of a pure package; imports it to look."""
    top = importlib.import_module(f"interlock.{package}")
    return [top.__name__, *(found.name for found in pkgutil.walk_packages(top.__path__, f"{top.__name__}."))]


def use_passkeys() -> None:
    from testkit.authenticator import Authenticator

    from interlock.identity import passkeys
    from interlock.model.names import Digest, PersonId, ReviewId
    from interlock.model.passkey import Passkey

    origin, rp_id = "https://interlock.test", "interlock.test"
    asked = passkeys.challenge(ReviewId("r"), PersonId("olivia"), "approve", Digest("a" * 64), Digest("c" * 64))
    device = Authenticator(origin, rp_id, credential=b"c" * 16)
    made, answer = device.register(asked), passkeys.read_assertion(**device.answer(asked).fields())
    attestation, client_data = (passkeys.unbase64url(each, 4096) for each in (made.attestation, made.client_data))
    key = passkeys.verify_registration(PersonId("olivia"), "", attestation, client_data, asked, origin, rp_id)
    assert key == Passkey(made.credential, PersonId("olivia"), device.public_key(), 0, "")
    assert passkeys.verify_assertion(key, answer, asked, origin, rp_id) == 1


def use_model_and_identity() -> None:
    from interlock.identity import exclusion, keys
    from interlock.model.actor import Actor, ActorKind
    from interlock.model.digest import action_digest, lookup
    from interlock.model.names import ActorId, KeyId, PersonId
    from interlock.model.secret import Secret

    assert len(action_digest(Secret(b"n" * 32), {"a": [1, None]})) == 64
    assert len(lookup(Secret(b"k" * 32), {"a": 1})) == 32
    key, secret, hashed = keys.make(b"8 bytes!", b"s" * 32)
    keys.check(secret, hashed)
    owner = PersonId("olivia")
    actor = Actor(ActorKind.AGENT, ActorId("etl"), frozenset(), owner, KeyId(key), owner, owner)
    assert exclusion.excluded_people(actor) == {"olivia"}
    use_passkeys()


def use_wire() -> None:
    from interlock.wire.postgres import answers, backend, frontend
    from interlock.wire.postgres.frames import FrameReader, RunReader
    from interlock.wire.postgres.scram import ClientFirst
    from interlock.wire.sse import Event, EventReader

    reader = FrameReader(1000)
    reader.feed(frontend.write_query(b"SELECT 1"))
    frame = reader.next()
    assert frame is not None and frontend.read_query(frame.body).text == b"SELECT 1"
    pieces = RunReader(frozenset({b"E"}), 1000).feed(answers.write_error("ERROR", "42501", "No."))
    assert backend.read_complaint(pieces[0].body).sqlstate == "42501"  # type: ignore[union-attr]
    assert ClientFirst("nonce").message
    assert list(EventReader().feed(Event("x").encode())) == [Event("x")]


def use_sql_and_actions() -> None:
    from tests.sql.clinic import snapshot

    from interlock.actions.cover import UpstreamIdentity
    from interlock.actions.from_sql import PreparedStatement, from_sql
    from interlock.model.actor import Actor, ActorKind
    from interlock.model.connection import Connection
    from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId, PersonId
    from interlock.model.payload import SqlStatement
    from interlock.sensitivity.catalog import parse_catalog
    from interlock.sensitivity.columns import ColumnLabels
    from interlock.sql.session_state import SessionState
    from interlock.sql.statement import analyse

    text, known = b"SELECT ssn FROM patients WHERE name = 'x'", snapshot()
    state = SessionState(("public",), "gate", {})
    statement = analyse(text, known, state)
    catalog = parse_catalog('[[column]]\nmatch = "public.patients.ssn"\nlabels = ["phi.ssn"]', "catalog.toml")
    owner = PersonId("olivia")
    action = from_sql(
        id=ActionId("a"),
        actor=Actor(ActorKind.AGENT, ActorId("etl"), frozenset(), owner, KeyId("k"), owner, owner),
        connection=Connection(ConnectionName("clinic"), "postgres", "production", frozenset()),
        statements=[PreparedStatement(statement, None, SqlStatement(text, True))],
        labels=ColumnLabels(known, catalog, ConnectionName("clinic")),
        snapshot=known,
        state=state,
        identity=UpstreamIdentity("h", 1, "d", "u"),
        reason="",
        holds_token=lambda _: False,
    )
    assert action.asks and "'x'" not in action.templates[0].stored
    use_policy(action)


def use_policy(action: Any) -> None:
    from interlock.model.decision import Deny
    from interlock.policy.bundle import load

    permit = '@id("p") permit (principal, action, resource);'
    assert not isinstance(load({"a.cedar": permit}, {}).decide(action, NOW), Deny)
    assert isinstance(load({"a.cedar": permit.replace("permit", "forbid")}, {}).decide(action, NOW), Deny)


def use_masking_and_sensitivity() -> None:
    from interlock.masking.plan import plan
    from interlock.masking.restoring import Issued, restored
    from interlock.masking.tokens import holds_token
    from interlock.model.exposure import Output
    from interlock.model.label import Label
    from interlock.model.obligation import Obligations
    from interlock.wire.postgres.body import frame
    from interlock.wire.postgres.rows import RowMasker

    masks = plan([Output("ssn", 25, frozenset({Label("phi.ssn")}), "a")], Obligations(), [0])
    row = frame(b"D", b"\0\1\0\0\0\3abc")
    assert restored("[a.b#1]", Issued({"[a.b#1]": "x"})) == "x"
    assert holds_token("[phi.ssn]") and b"abc" not in RowMasker(masks.masks).rewrite_batch(row)


def use_review_and_ledger() -> None:
    from interlock.ledger.entry import ChainState, chain, parse_entry, prepare
    from interlock.ledger.merkle import Frontier, leaf_hash
    from interlock.ledger.note import Ed25519Signer, VerifyingKey
    from interlock.ledger.verify import verify_entries
    from interlock.model.decision import Quorum, Requirements
    from interlock.model.entry import Draft, EntryType
    from interlock.model.names import EntryId, GroupName, PersonId
    from interlock.model.secret import Secret
    from interlock.review.matching import satisfied
    from interlock.review.states import OPEN

    officers = GroupName("officers")
    asked = Requirements((Quorum(officers, 1),), timedelta(minutes=30), timedelta(minutes=10))
    assert OPEN and satisfied(asked, [PersonId("d")], {PersonId("d"): frozenset({officers})})
    signer = Ed25519Signer("test/node/n1", Secret(b"N" * 32))
    ids = [EntryId(f"01980000-0000-7000-8000-00000000000{n}") for n in range(2)]
    drafts = [prepare(Draft(ids[0], EntryType.LOG_OPENED, {"origin": "test"}))]
    bodies, _ = chain(drafts, ChainState("n1", "b" * 32), NOW + timedelta(seconds=1), signer, ids[1])
    assert Frontier().extend([leaf_hash(body) for body in bodies]).root()
    assert len(list(verify_entries(bodies, [VerifyingKey(signer.name, signer.public)]))) == len(bodies)
    assert parse_entry(bodies[0]).type is EntryType.LOG_OPENED


USES: dict[str, Callable[[], None]] = {
    "model": use_model_and_identity,
    "identity": use_model_and_identity,
    "wire": use_wire,
    "sql": use_sql_and_actions,
    "actions": use_sql_and_actions,
    "policy": use_sql_and_actions,
    "sensitivity": use_sql_and_actions,
    "masking": use_masking_and_sensitivity,
    "review": use_review_and_ledger,
    "ledger": use_review_and_ledger,
}


def main() -> None:
    """Forbids, imports, uses."""
    for library in LIBRARIES:
        importlib.import_module(library)
    importlib.import_module("tests.sql.clinic")  # the test's own data; loads sql, which is then loaded afresh
    modules = [name for package in USES for name in modules_of(package)]
    for name in [name for name in sys.modules if name.startswith("interlock.")]:
        del sys.modules[name]
    forbid_everything()
    for name in sys.argv[1:]:
        ON_PURPOSE[name]()
    for name in modules:
        importlib.import_module(name)
    del sys.modules["tests.sql.clinic"]
    for package, use in USES.items():
        use()
        sys.stdout.write(f"{package}\n")


if __name__ == "__main__":
    main()
