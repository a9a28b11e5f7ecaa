"""`interlock person passkeys` and `remove-passkey`, with the operator's token, against a real socket."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from testkit.authenticator import Authenticator
from tests.cli.test_operator_commands import settings
from tests.web.stepping_up import Served
from typer.testing import CliRunner

from interlock.cli import operator_client, person
from interlock.model.names import PersonId
from interlock.model.passkey import Passkey
from interlock.model.settings import Listen


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    running = Served(tmp_path)
    running.start()
    (tmp_path / "operator.token").write_text("o" * 43 + "\n")
    found = settings(tmp_path, Listen("127.0.0.1", running.port))
    monkeypatch.setattr(operator_client, "load", lambda path: found)
    yield running
    running.stop()


def register(gateway: Served) -> Passkey:
    here, clock = gateway.here.passkeys, gateway.here.office.clock

    async def registered() -> Passkey:
        begun = here.begin_registration(PersonId("dana"), clock.now())
        made = Authenticator(gateway.url, "localhost").register(begun.challenge)
        attestation, client_data = (
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (made.attestation, made.client_data)
        )
        return await here.finish_registration(PersonId("dana"), attestation, client_data, "Laptop")

    return gateway.run(registered())


def test_a_lost_passkey_is_listed_and_removed(gateway: Served) -> None:
    made = register(gateway)
    listed = CliRunner().invoke(person.app, ["passkeys", "dana"])
    assert listed.exit_code == 0, listed.output
    assert f"{made.credential}  Laptop" in listed.stdout and "each approval takes one" in listed.stderr
    gone = CliRunner().invoke(person.app, ["remove-passkey", "dana", "--because", "lost", "--", made.credential])
    assert gone.exit_code == 0 and "dana has no passkey" in gone.stderr, gone.output
    assert any(b'"because":"lost"' in each for each in gateway.entries(b"identity.changed"))


def test_what_isnt_there_isnt_removed(gateway: Served) -> None:
    for credential, code in (("AAAA", 1), ("not an id", 2)):
        told = CliRunner().invoke(person.app, ["remove-passkey", "dana", credential, "--because", "lost"])
        assert told.exit_code == code, told.output
    assert not gateway.entries(b"identity.changed")


def test_sessions_and_passwords_of_somebody_are_ended(gateway: Served) -> None:
    done = CliRunner().invoke(person.app, ["end-sessions", "dana", "--because", "laptop stolen"])
    assert done.exit_code == 0 and "dana has no session" in done.stderr, done.output
    (entry,) = gateway.entries(b"sessions_ended")
    assert b'"because":"laptop stolen"' in entry and b'"by":"operator"' in entry
    assert CliRunner().invoke(person.app, ["end-sessions", "nobody", "--because", "x"]).exit_code == 1
