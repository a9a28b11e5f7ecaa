"""Overrides of masks: what can be overridden, by whom, for how long; never a credential, never the catalog."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.a_directory_service import APPROVERS, House, house
from tests.registry.a_write import CLINIC
from tests.registry.test_people import answer, with_passkey

from interlock.errors import AuthenticationFailed, Conflict, InterlockError, MalformedInput, NotEntitled, NotFound
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import ConnectionName, PersonId
from interlock.model.override import NOT_THIS_LABEL, OverrideScope
from interlock.registry.overrides import Overrides, Wish
from interlock.registry.stewards import Stewards

DANA, REMY, OLIVIA = PersonId("dana"), PersonId("remy"), PersonId("olivia")
CANARY = "zq-canary-4711"
WISH = Wish(CLINIC, "clinic/public.lots.code", Label("phi.ssn"), NOT_THIS_LABEL, timedelta(days=7))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


def overrides(here: House) -> Overrides:
    return here.labelling.overrides


async def test_a_steward_overrides_it_on_record_and_for_a_time(here: House) -> None:
    made = await overrides(here).override(DANA, WISH, "lot numbers")
    assert (made.column, made.label, made.rule, made.scope) == (
        "clinic/public.lots.code",
        "phi.ssn",
        NOT_THIS_LABEL,
        OverrideScope.COLUMN,
    )
    assert overrides(here).of(CLINIC) == (made,)
    (entry,) = await here.entries(EntryType.MASK_OVERRIDDEN)
    assert (entry["person"], entry["because"], entry["expires_at"]) == ("dana", "lot numbers", made.expires_at)
    here.office.clock.at += timedelta(days=7)
    assert overrides(here).of(CLINIC) == ()
    with pytest.raises(NotFound):
        await overrides(here).end(DANA, made.id, "late")


async def test_it_holds_after_a_restart_and_ends_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        made = await overrides(here).override(DANA, WISH, "x")
        before = overrides(here).version(CLINIC)
    async with house(tmp_path) as again:
        assert overrides(again).of(CLINIC) == (made,)
        await overrides(again).end(REMY, made.id, "the import is over")
        assert overrides(again).of(CLINIC) == ()
        assert overrides(again).version(CLINIC) > before
        (entry,) = await again.entries(EntryType.MASK_OVERRIDE_ENDED)
        assert entry == {"connection": "clinic", "person": "remy", "because": "the import is over"}


async def test_of_a_row_only_a_keyed_hash_of_its_key_is_kept(here: House) -> None:
    made = await overrides(here).override(DANA, replace(WISH, row_key=CANARY), "x")
    assert made.scope is OverrideScope.ROW
    assert made.subject is not None and len(made.subject) == 32
    assert CANARY not in repr(replace(WISH, row_key=CANARY))
    assert CANARY.encode() not in b"".join(await here.office.store.entries(0, 1000))


@pytest.mark.parametrize("label", ["secret.token", "secret", "pci.cvv", "pci", "secret.aws.access_key"])
@pytest.mark.parametrize("rule", [NOT_THIS_LABEL, "partial", "pseudonym", "realistic", "one_way"])
@pytest.mark.parametrize("column", ["", WISH.column])
async def test_nothing_of_a_credential_is_ever_shown(here: House, label: str, rule: str, column: str) -> None:
    with pytest.raises(Conflict) as refused:
        await overrides(here).override(DANA, replace(WISH, label=Label(label), rule=rule, column=column), "x")
    assert refused.value.code == "never_shown"
    with pytest.raises(Conflict):
        await overrides(here).operator_override(replace(WISH, label=Label(label), rule=rule), "x")
    await overrides(here).override(DANA, replace(WISH, label=Label(label), rule="drop"), "x")  # as strict as it gets


@pytest.mark.parametrize("label", ["phi.ssn", "phi"])
async def test_no_label_of_the_catalog_is_taken_away(here: House, label: str) -> None:
    ours = replace(WISH, column="clinic/public.patients.ssn", label=Label(label))
    for attempt in (overrides(here).override(DANA, ours, "x"), overrides(here).operator_override(ours, "x")):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "catalogued"
    await overrides(here).override(DANA, replace(ours, rule="partial"), "another mask is fine")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"connection": ConnectionName("other"), "column": ""}, NotFound),
        ({"column": "public.lots.code"}, MalformedInput),
        ({"column": "", "row_key": "7"}, MalformedInput),
        ({"rule": "keep"}, MalformedInput),
        ({"rule": "show"}, MalformedInput),
        ({"lasts": timedelta(days=91)}, MalformedInput),
        ({"lasts": timedelta(0)}, MalformedInput),
    ],
)
async def test_what_cannot_be_is_refused(here: House, changes: dict[str, Any], error: type[InterlockError]) -> None:
    wish = replace(WISH, **changes)
    with pytest.raises(error):
        await overrides(here).override(DANA, wish, "x")
    with pytest.raises(error):
        overrides(here).asked(DANA, wish)
    assert await here.entries(EntryType.MASK_OVERRIDDEN) == []


async def test_who_answers_for_agents_loosens_nothing(here: House) -> None:
    with pytest.raises(NotEntitled) as refused:
        await overrides(here).override(OLIVIA, WISH, "x")
    assert refused.value.code == "part_of_it"
    await here.office.registry.issue_key("etl", REMY, None)  # made by remy, for somebody else's agent
    with pytest.raises(NotEntitled):
        await overrides(here).override(REMY, WISH, "x")


@pytest.mark.parametrize("who", ["etl", "other", "nobody", "operator"])
async def test_agents_are_nobody_here(here: House, who: str) -> None:
    made = await overrides(here).override(DANA, WISH, "x")
    with pytest.raises(NotFound):
        await overrides(here).override(PersonId(who), WISH, "x")
    with pytest.raises(NotFound):
        await overrides(here).end(PersonId(who), made.id, "x")


async def test_only_stewards_do(here: House) -> None:
    for stewards in (Stewards(here.office.registry), Stewards(here.office.registry, frozenset(), APPROVERS)):
        ours = replace(overrides(here), stewards=stewards)
        if stewards.approvers is None:
            with pytest.raises(NotEntitled):
                await ours.override(DANA, WISH, "x")
        else:
            await ours.override(DANA, WISH, "x")


async def test_who_has_a_passkey_confirms_exactly_these_terms(here: House) -> None:
    device = await with_passkey(here, DANA)
    for other in (replace(WISH, lasts=timedelta(days=8)), replace(WISH, rule="partial"), replace(WISH, column="")):
        said = overrides(here).asked(DANA, other)
        with pytest.raises(AuthenticationFailed):
            await overrides(here).override(DANA, WISH, "x", answer(here, device, DANA, said))
    said = overrides(here).asked(DANA, WISH)
    await overrides(here).override(DANA, WISH, "x", answer(here, device, DANA, said))
    assert len(overrides(here).of(CLINIC)) == 1
