"""The doctor on channels: rules that lead nowhere, people whom nobody can tell, and copies that don't arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.an_installation import POLICY, Installation, installation

from interlock.channels import extras
from interlock.cli.doctor import examine
from interlock.cli.doctor_channels import check_channels
from interlock.cli.doctor_findings import Finding, Level
from interlock.ledger.authority import Authority
from interlock.ledger.note import parse_vkey
from interlock.model.channels import Channel, Destination
from interlock.model.document import Document
from interlock.model.names import PersonId, ReviewId
from interlock.settings import load
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import load_keys
from interlock.stores.seals import AesGcmSealer
from interlock.stores.sqlite import SqliteStore, Trust
from interlock.workers.copies import Copies, Record, copy_id, kind_of

REVIEWED = """@id("exports")
@because("data would leave")
@review("security:1")
@channels("slack")
forbid (principal, action in Interlock::Action::"write", resource);
@id("agents-write")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"write", resource);
"""
CHANNELS = """
[slack]
team = "T01"
bot_token = "env:BOT"
signing_secret = "env:SIGNING"
[email]
host = "127.0.0.1"
tls = "none"
sender = "interlock@acme.test"
[rotas.night]
people = ["dana", "remy"]
starts = "2099-01-01T09:00"
[rotas.spare]
people = ["dana"]
starts = "2026-01-05T09:00"
[notify.first]
to = ["slack:people", "email:people"]
rota = "night"
"""
DANA, REVIEW = PersonId("dana"), ReviewId("01a20000-0000-7000-8000-000000000001")
ROOM = Destination(Channel.SLACK, "C01")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("BOT", "xoxb-canary")
    monkeypatch.setenv("SIGNING", "canary-signing-secret")
    with installation(tmp_path) as made:
        made.policy.write_text(POLICY + REVIEWED)
        text = made.settings.read_text().replace("[people.dana]", '[people.dana]\nemail = "dana@acme.test"')
        made.settings.write_text(text + CHANNELS)
        yield made


def found(here: Installation, *signers: PersonId, later: timedelta = timedelta(0)) -> list[Finding]:
    settings = load(here.settings)
    return list(check_channels(settings, Authority(), signers, datetime.now(UTC) + later))


def warned(findings: list[Finding], check: str) -> str:
    return "\n".join(each.sentence for each in findings if each.check == check and each.level is Level.WARN)


def test_people_whom_a_channel_does_not_know_are_named(here: Installation) -> None:
    told = warned(found(here, DANA, PersonId("remy")), "notify")
    assert "dana, remy can't be told by slack" in told
    assert "remy can't be told by email" in told and "dana, remy can't be told by email" not in told
    assert "remy are told of nothing" in told


def test_rotas_without_anybody_or_any_use_are_named(here: Installation) -> None:
    told = warned(found(here), "rotas")
    assert "nobody is on call by night" in told and "no rule uses the rota spare" in told


def test_an_extra_that_is_missing_is_named(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not warned(found(here), "channels")
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    told = [each for each in found(here) if each.check == "channels" and each.level is Level.WARN]
    assert "isn't installed" in told[0].sentence and "interlock-gateway[slack]" in told[0].todo


def test_nothing_is_said_where_nothing_is_set_up(here: Installation) -> None:
    settings = replace(load(here.settings), channels=type(load(here.settings).channels)())
    assert {each.level for each in check_channels(settings, Authority(), (), datetime.now(UTC))} == {Level.OK}


def stored(here: Installation, change: Callable[[Document, Record], tuple[Record, datetime | None]]) -> None:
    """A copy in the store of an installation whose gateway doesn't run."""
    settings = load(here.settings)
    keys, entropy, clock = load_keys(settings.keys_dir), SystemEntropy(), SystemClock()

    async def store() -> None:
        public = keys.public()
        opened = await SqliteStore.open(
            settings.data_dir / "interlock.db",
            node=settings.node,
            signer=keys.node,
            trust=Trust((parse_vkey(public["node"]),), parse_vkey(public["log"])),
            authority=Authority(),
            entropy=entropy,
            clock=clock,
            bell=LocalBell(),
        )
        try:
            copies = Copies(opened.records, opened, AesGcmSealer(keys.sealing, entropy), clock)
            await copies.add(REVIEW, ROOM)
            document = await opened.records.document(kind_of(Channel.SLACK), copy_id(REVIEW, ROOM))
            assert document is not None
            await copies.change(document, change)
        finally:
            await opened.close()

    asyncio.run(store())


@pytest.mark.parametrize(
    ("problem", "handle", "due", "later", "told"),
    [
        ("gone", "", False, 0, "slack: these take nothing any more: C01"),
        ("unsure", "", False, 0, "slack: of 1 messages nobody knows"),
        ("", "", True, 600, "slack: 1 messages wait to be delivered, the longest 6"),
        ("", "m1", True, 600, "slack: 1 messages wait to be delivered, the longest 6"),
        ("", "", True, 0, ""),
        ("", "m1", False, 600, ""),
    ],
)
def test_copies_are_read_from_the_store_of_a_gateway_that_does_not_run(
    here: Installation, problem: str, handle: str, due: bool, later: int, told: str
) -> None:
    stored(here, lambda d, r: (replace(r, problem=problem, handle=handle), d.due_at if due else None))
    findings = found(here, DANA, later=timedelta(seconds=later))
    assert warned(findings, "deliveries").startswith(told) and bool(told) == bool(warned(findings, "deliveries"))


def test_the_doctor_asks_all_of_it_and_tells_no_secret(here: Installation) -> None:
    findings = list(examine(here.settings))
    assert "remy can't be told by email" in warned(findings, "notify")
    assert "no way to" not in warned(findings, "channels"), "slack is a way to vote once it is set up"
    assert "canary" not in str(findings)
