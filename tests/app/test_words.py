"""Typed words through the gateway's own engines."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.an_engine import engines
from tests.stores.a_store import HandClock

from interlock.app.words import MOST, TypedWords
from interlock.desk.words import Typed
from interlock.model.names import ConnectionName
from interlock.sensitivity.regime import Regime

CLINIC, SHOP = ConnectionName("clinic"), ConnectionName("shop")


class Loaded:
    """`app.content.Loading` of engines that are there, or of none."""

    def __init__(self, there: bool = True) -> None:
        self.there = there

    async def engines(self) -> Any:
        if not self.there:
            raise RuntimeError("gone")
        return engines()


def words(there: bool = True) -> TypedWords:
    return TypedWords(cast(Any, Loaded(there)), {CLINIC: Regime.PHI, SHOP: Regime.PII}, HandClock())


@pytest.mark.parametrize(
    ("text", "connection", "expected"),
    [
        ("is it 123-45-6789?", CLINIC, "is it [phi.ssn]?"),
        ("is it 123-45-6789?", SHOP, "is it [pii.ssn]?"),
        ("is it 123-45-6789?", None, "is it [pii.ssn]?"),
        ("card 4111 1111 1111 1111 of dana@clinic.example", SHOP, "card [pci.pan] of [pii.email]"),
        ("the nightly export, as agreed", CLINIC, "the nightly export, as agreed"),
        ("monthly report for the finance team", SHOP, "monthly report for the finance team"),
        ("  ", CLINIC, "  "),
    ],
)
async def test_what_is_found_is_masked(text: str, connection: ConnectionName | None, expected: str) -> None:
    assert await words().typed(text, connection) == Typed(expected, masked=expected != text)
    assert await words().typed(expected, connection) == Typed(expected), "twice is as good as once"


async def test_what_a_diagnosis_says_stays() -> None:
    """It tells what, not who."""
    said = await words().typed("patients with E11.9 (type 2 diabetes) in the registry", CLINIC)
    assert "E11.9" in said.text


@pytest.mark.parametrize("text", ["x" * (MOST + 1)])
async def test_what_is_too_long_is_masked_whole(text: str) -> None:
    assert await words().typed(text, CLINIC) == Typed("[phi.*]", masked=True)


async def test_without_an_engine_all_of_it_is_masked() -> None:
    assert await words(there=False).typed("anything", CLINIC) == Typed("[phi.*]", masked=True)
