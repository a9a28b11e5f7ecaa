"""Every card as Microsoft's own package reads it: version 1.5, nothing unknown, nothing wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.channels.teams.a_bot import notice
from tests.channels.teams.a_renderer import fetched, parsed

from interlock.channels.teams.card import View, card_of, listed, reminder_of, said
from interlock.model.review import ReviewState

ODD = '{{DATE(2017-02-14T06:08:39Z, SHORT)}} **b** <at>x</at> \u202e \U0001f600 ${x} \\ "'


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package."""
    return fetched(tmp_path_factory.mktemp("npm"))


def every() -> list[Any]:
    """A rendering of each kind."""
    users = tuple(f"29:{n}" for n in range(60))
    mine, shared = View(buttons=True, users=users, answer="Your approval counts."), View(users=users, shared=True)
    odd = notice(title=ODD, said=ODD, code=(ODD, "", "\n\n  x\n"), because=("", ODD), ticket="", answers=())
    cards = [card_of(told, view) for told in (notice(), odd, notice(whole=False)) for view in (mine, shared, View())]
    cards += [card_of(notice(state=state), mine) for state in ReviewState]
    cards += [card_of(notice(code=("x" * 40_000,)), mine), card_of(notice(), View(because="Not here."))]
    line = replace(notice(), title=ODD)
    return [
        *cards,
        listed([]),
        listed([(line, None), (line, ODD)]),
        reminder_of(odd),
        said(ODD, notice().url),
        said("x"),
    ]


def test_microsofts_own_package_reads_every_card_without_a_word(renderer: Path) -> None:
    cards = every()
    found = parsed(renderer, cards)
    for card, read in zip(cards, found, strict=True):
        assert read["events"] == [] and read["version"] == "1.5", read
        assert read["items"] == len(card["body"]) and read["actions"] == len(card.get("actions", []))
        assert read["refreshed"] == len(card.get("refresh", {}).get("userIds", []))


def test_the_package_does_say_so_when_something_is_wrong(renderer: Path) -> None:
    unknown = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Hologram"}]}
    (found,) = parsed(renderer, [unknown])
    assert found["events"] != []
