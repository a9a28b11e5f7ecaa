"""Cards drawn by Microsoft's own package in a browser, in Teams' colours: what is text stays text, and pictures for the
docs (`INTERLOCK_PICTURES=docs/pictures`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.channels.teams.a_bot import notice
from tests.channels.teams.a_renderer import fetched

from interlock.channels.teams.card import View, card_of
from interlock.model.review import ReviewState

CHROMIUM = Path("/usr/bin/chromium")  # Debian's; `scripts/system-packages.sh` installs it where it may
PICTURES = os.environ.get("INTERLOCK_PICTURES")  # a folder: leave the pictures there, to be looked at

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here: no card was drawn"),
]

FONT = "'Segoe UI', 'Open Sans', 'DejaVu Sans', sans-serif"
WEIGHTS = {"lighter": 200, "default": 400, "bolder": 600}
SIZES = {"small": 12, "default": 14, "medium": 14, "large": 18, "extraLarge": 24}
COLOURS = {
    "default": {"default": "#242424", "subtle": "#616161"},
    "good": {"default": "#237B4B", "subtle": "#237B4B"},
    "warning": {"default": "#835C00", "subtle": "#835C00"},
    "attention": {"default": "#C4314B", "subtle": "#C4314B"},
}
HOST = {
    "fontTypes": {
        "default": {"fontFamily": FONT, "fontSizes": SIZES, "fontWeights": WEIGHTS},
        "monospace": {
            "fontFamily": "'DejaVu Sans Mono', Consolas, monospace",
            "fontSizes": {**SIZES, "default": 12},
            "fontWeights": WEIGHTS,
        },
    },
    "spacing": {"small": 8, "default": 12, "medium": 16, "large": 20, "extraLarge": 24, "padding": 16},
    "containerStyles": {
        "default": {"backgroundColor": "#FFFFFF", "foregroundColors": COLOURS},
        "emphasis": {"backgroundColor": "#F5F5F5", "foregroundColors": COLOURS},
    },
    "actions": {"maxActions": 6, "buttonSpacing": 8, "actionsOrientation": "horizontal", "actionAlignment": "left"},
}
STYLE = """
body { margin: 0; background: #F0F0F0; font-family: FONT }
#all { width: 680px; padding: 16px; display: inline-block }
#head { font-size: 12px; margin: 0 0 6px 2px; color: #242424; font-weight: 600 }
#card { background: #FFF; border: 1px solid #E0E0E0; border-radius: 6px }
.ac-pushButton { font: 600 14px FONT; padding: 6px 20px; border: 1px solid #D1D1D1; border-radius: 4px;
  background: #FFF; color: #242424 }
.ac-pushButton.style-positive { background: #5B5FC7; border-color: #5B5FC7; color: #FFF }
.ac-pushButton.style-destructive { color: #C4314B; border-color: #C4314B }
.ac-input { font: 14px FONT; border: 1px solid #D1D1D1; border-radius: 4px; padding: 6px 8px; box-sizing: border-box;
  width: 100%; height: 52px }
""".replace("FONT", FONT)
DRAW = """([card, host]) => {
  const drawn = new AdaptiveCards.AdaptiveCard();
  drawn.hostConfig = new AdaptiveCards.HostConfig(host);
  drawn.parse(card);
  document.getElementById("card").appendChild(drawn.render());
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with the package on it."""
    folder = fetched(tmp_path_factory.mktemp("npm"))
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 720, "height": 1200}, device_scale_factor=1.5)
        opened.set_content(f"<style>{STYLE}</style><div id=all><p id=head>Interlock</p><div id=card></div></div>")
        opened.add_script_tag(path=folder / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.js")
        yield opened
        browser.close()


def draw(page: Page, card: Any, name: str = "") -> None:
    """Draws a card in the place of the one before."""
    page.evaluate("document.getElementById('card').replaceChildren()")
    page.evaluate(DRAW, [card, HOST])
    if PICTURES and name:
        page.locator("#all").screenshot(path=Path(PICTURES) / f"{name}.png")


def titles(page: Page) -> list[str]:
    """What its buttons are called."""
    return [button.inner_text() for button in page.get_by_role("button").all()] + [
        link.inner_text() for link in page.get_by_role("link").all()
    ]


def test_a_signers_card(page: Page) -> None:
    draw(page, card_of(notice(), View(buttons=True, users=("29:1",))), "teams-card")
    assert titles(page) == ["Approve", "Deny", "Open in the console"]
    assert page.get_by_label("Your reason").count() == 1


def test_a_settled_card(page: Page) -> None:
    answers = ("remy approved by teams", "dana approved with a passkey")
    line = "Approved by remy and dana; not run yet"
    told = notice(state=ReviewState.APPROVED, state_line=line, answers=answers)
    draw(page, card_of(told, View()), "teams-card-settled")
    assert titles(page) == ["Open in the console"] and page.get_by_label("Your reason").count() == 0


def test_what_an_agent_writes_stays_what_it_wrote(page: Page) -> None:
    hostile = "**b** [Approve](https://evil.test) <at>all</at> <img src=x> {{DATE(2017-02-14T06:08:39Z, SHORT)}} https://evil.test"
    draw(page, card_of(notice(said=hostile, title=hostile, code=(hostile,)), View(buttons=True)))
    assert page.locator("#card").inner_text().count(hostile) == 3
    assert page.locator("#card a, #card img, #card b, #card strong").count() == 0
