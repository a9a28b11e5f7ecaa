"""What a restart knows: the bundle in force by its text, and what actors did before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.an_office import export, read
from tests.cli.an_installation import POLICY, installation

from interlock import app, recovery, settings
from interlock.cli.in_force import CATALOGS_DIFFER, why_not_in_force
from interlock.errors import PolicyMistakes
from interlock.gate import Cleared, Denied
from interlock.ledger.entry import parse_entry
from interlock.ledger.recents import Recents
from interlock.model.actor import Actor
from interlock.model.names import ActorId, PersonId
from interlock.model.recent import DAY, QUIET, Recent
from interlock.settings.rules import FILES_DIFFER


async def _agent(assembly: app.Assembly) -> Actor:
    await assembly.people.accept_owner(assembly.settings.actors[ActorId("etl")].owner, ActorId("etl"))
    _, secret = await assembly.registry.issue_key("etl", PersonId("dana"), None)
    return assembly.registry.authenticate(secret)


def _recent(assembly: app.Assembly) -> Recent:
    return assembly.gate.recents.of(ActorId("etl"), assembly.clock.now())


async def test_what_an_actor_did_is_remembered(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as assembly:
            await app.beginning.begin(assembly)
            agent = await _agent(assembly)
            assert _recent(assembly) == QUIET
            for _ in range(3):
                answer = await assembly.gate.ask(read(agent))
                assert isinstance(answer, Cleared)
                await answer.durable
            assert isinstance(await assembly.gate.ask(export(agent)), Denied)
            before = _recent(assembly)
            assert (before.hour.actions, before.hour.denials) == (3, 1)
        async with app.opened(loaded) as assembly:
            assert (_recent(assembly).hour, _recent(assembly).day) == (before.hour, before.day)
            assert assembly.gate.recents.of(ActorId("other"), assembly.clock.now()) == QUIET


async def test_what_was_longer_than_a_day_ago_is_forgotten(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        async with app.opened(settings.load(here.settings)) as assembly:
            await app.beginning.begin(assembly)
            assert isinstance(await assembly.gate.ask(export(await _agent(assembly))), Denied)
            bodies = await assembly.store.entries(0, 100)
            now = assembly.clock.now()
    heard = []
    for since in (now - DAY, now + timedelta(seconds=1)):
        recents = Recents()
        listener = recovery.remembering(recents, since)
        for body in bodies:
            listener(parse_entry(body))
        heard.append(recents.of(ActorId("etl"), now).day.denials)
    assert heard == [1, 0]


async def test_files_that_differ_are_a_draft_and_the_text_in_force_decides(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as assembly:
            await app.beginning.begin(assembly)
            in_force = assembly.authority.bundle
        for draft in (POLICY.replace("permit", "forbid"), "permit (", ""):
            here.policy.write_text(draft)
            async with app.opened(loaded) as assembly:
                await app.beginning.begin(assembly)
                assert assembly.authority.bundle == in_force
                answer = await assembly.gate.ask(read(await _agent(assembly)))
                assert isinstance(answer, Cleared)
                await answer.durable


async def test_settings_under_which_the_text_in_force_has_mistakes_don_t_start(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        here.policy.write_text(POLICY + '@id("x") @review("security:2") forbid (principal, action, resource);\n')
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as assembly:
            await app.beginning.begin(assembly)
        here.policy.write_text(POLICY)
        one = {name: person for name, person in loaded.people.items() if name == "dana"}
        async with app.opened(replace(loaded, people=one)) as assembly:
            with pytest.raises(PolicyMistakes, match=r"local\.cedar:3: .*security"):
                await app.beginning.begin(assembly)


async def test_a_log_from_before_texts_were_kept_demands_the_files(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as assembly:
            await app.beginning._take_up_log(assembly)
            assert not isinstance(assembly.files, Exception)
            await assembly.registry.adopt_bundle(assembly.files.rules)  # as it was then: no texts
        async with app.opened(loaded) as assembly:
            await app.beginning.begin(assembly)
        here.policy.write_text(POLICY + "// changed\n")
        async with app.opened(loaded) as assembly:
            with pytest.raises(PolicyMistakes, match="aren't those in force"):
                await app.beginning.begin(assembly)


CLINIC = """[connections.clinic]
kind = "postgres"
host = "127.0.0.1"
database = "clinic"
user = "interlock"
password = "file:password"
catalog = "clinic.toml"
"""


async def test_another_catalog_doesn_t_start_and_check_tells_it_from_another_policy(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        (tmp_path / "password").write_text("x")
        (tmp_path / "clinic.toml").write_text('[[column]]\nmatch = "public.p.ssn"\nlabels = ["phi.ssn"]\n')
        here.settings.write_text(here.settings.read_text() + CLINIC)
        loaded = settings.load(here.settings)
        assert why_not_in_force(loaded) is None  # there is no store yet
        async with app.opened(loaded) as assembly:
            await app.beginning.begin(assembly)
            assert why_not_in_force(loaded) is None
        here.policy.write_text(POLICY + "// changed\n")
        assert why_not_in_force(loaded) == FILES_DIFFER
        (tmp_path / "clinic.toml").write_text("")
        assert why_not_in_force(loaded) == CATALOGS_DIFFER
        async with app.opened(loaded) as assembly:
            with pytest.raises(PolicyMistakes, match="aren't those in force"):
                await app.beginning.begin(assembly)
        here.policy.write_text("permit (")
        assert why_not_in_force(loaded) is None  # its mistakes are what `check` tells
