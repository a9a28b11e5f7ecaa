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


async def _agent(core: app.Core) -> Actor:
    await core.people.accept_owner(core.settings.actors[ActorId("etl")].owner, ActorId("etl"))
    _, secret = await core.registry.issue_key("etl", PersonId("dana"), None)
    return core.registry.authenticate(secret)


def _recent(core: app.Core) -> Recent:
    return core.gate.recents.of(ActorId("etl"), core.clock.now())


async def test_what_an_actor_did_is_remembered(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as core:
            await app.beginning.begin(core)
            agent = await _agent(core)
            assert _recent(core) == QUIET
            for _ in range(3):
                answer = await core.gate.ask(read(agent))
                assert isinstance(answer, Cleared)
                await answer.durable
            assert isinstance(await core.gate.ask(export(agent)), Denied)
            before = _recent(core)
            assert (before.hour.actions, before.hour.denials) == (3, 1)
        async with app.opened(loaded) as core:
            assert (_recent(core).hour, _recent(core).day) == (before.hour, before.day)
            assert core.gate.recents.of(ActorId("other"), core.clock.now()) == QUIET


async def test_what_was_longer_than_a_day_ago_is_forgotten(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        async with app.opened(settings.load(here.settings)) as core:
            await app.beginning.begin(core)
            assert isinstance(await core.gate.ask(export(await _agent(core))), Denied)
            bodies = await core.store.entries(0, 100)
            now = core.clock.now()
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
        async with app.opened(loaded) as core:
            await app.beginning.begin(core)
            in_force = core.authority.bundle
        for draft in (POLICY.replace("permit", "forbid"), "permit (", ""):
            here.policy.write_text(draft)
            async with app.opened(loaded) as core:
                await app.beginning.begin(core)
                assert core.authority.bundle == in_force
                answer = await core.gate.ask(read(await _agent(core)))
                assert isinstance(answer, Cleared)
                await answer.durable


async def test_settings_under_which_the_text_in_force_has_mistakes_don_t_start(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        here.policy.write_text(POLICY + '@id("x") @review("security:2") forbid (principal, action, resource);\n')
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as core:
            await app.beginning.begin(core)
        here.policy.write_text(POLICY)
        one = {name: person for name, person in loaded.people.items() if name == "dana"}
        async with app.opened(replace(loaded, people=one)) as core:
            with pytest.raises(PolicyMistakes, match=r"local\.cedar:3: .*security"):
                await app.beginning.begin(core)


async def test_a_log_from_before_texts_were_kept_demands_the_files(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        loaded = settings.load(here.settings)
        async with app.opened(loaded) as core:
            await app.beginning._take_up_log(core)
            assert not isinstance(core.files, Exception)
            await core.registry.adopt_bundle(core.files.rules)  # as it was then: no texts
        async with app.opened(loaded) as core:
            await app.beginning.begin(core)
        here.policy.write_text(POLICY + "// changed\n")
        async with app.opened(loaded) as core:
            with pytest.raises(PolicyMistakes, match="aren't those in force"):
                await app.beginning.begin(core)


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
        async with app.opened(loaded) as core:
            await app.beginning.begin(core)
            assert why_not_in_force(loaded) is None
        here.policy.write_text(POLICY + "// changed\n")
        assert why_not_in_force(loaded) == FILES_DIFFER
        (tmp_path / "clinic.toml").write_text("")
        assert why_not_in_force(loaded) == CATALOGS_DIFFER
        async with app.opened(loaded) as core:
            with pytest.raises(PolicyMistakes, match="aren't those in force"):
                await app.beginning.begin(core)
        here.policy.write_text("permit (")
        assert why_not_in_force(loaded) is None  # its mistakes are what `check` tells
