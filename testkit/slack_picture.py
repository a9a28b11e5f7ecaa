"""Draws Block Kit as Slack roughly does, as a page: to look at a card without a workspace. Only what our cards use.

python -m testkit.slack_picture          # draws docs/pictures/slack-*.png again; needs playwright and chromium
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from interlock.channels.answering import Line
from interlock.channels.notice import Fact, Notice
from interlock.channels.slack.blocks import message
from interlock.channels.slack.views import home_view
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState

_PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
_CHROMIUM = "/usr/bin/chromium"

_STYLE = """
body { margin: 0; background: #fff; font: 15px/1.46 Lato, "Helvetica Neue", Arial, sans-serif; color: #1d1c1d; }
.post { display: grid; grid-template-columns: 36px 1fr; gap: 8px; padding: 16px 20px; width: 640px; }
.face { width: 36px; height: 36px; border-radius: 8px; background: #1f4e5f; color: #fff; text-align: center;
        font: bold 18px/36px sans-serif; }
.who b { font-weight: 900; } .who span { background: #eee; border-radius: 2px; font-size: 10px; padding: 1px 3px;
        color: #616061; margin: 0 4px; } .who i { color: #616061; font: 12px sans-serif; }
.home { width: 640px; padding: 16px 20px; }
h3 { font-size: 18px; margin: 8px 0 4px; font-weight: 900; } p, .rich { margin: 4px 0 8px; white-space: pre-wrap; }
.small { font-size: 12px; color: #616061; margin: 4px 0 8px; }
pre { border: 1px solid #ddd; border-radius: 4px; background: #f8f8f8; padding: 8px; margin: 4px 0; font: 12px/1.5
      Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
ul { margin: 0 0 4px; padding-left: 26px; } hr { border: 0; border-top: 1px solid #ddd; margin: 12px 0; }
.row { display: flex; gap: 8px; margin: 8px 0; }
.row b { border: 1px solid #bbb; border-radius: 4px; padding: 3px 12px; font-size: 13px; }
.row .primary { background: #007a5a; border-color: #007a5a; color: #fff; }
.row .danger { background: #e01e5a; border-color: #e01e5a; color: #fff; }
"""


def page(blocks: list[Any], *, home: bool = False) -> str:
    """A page that shows a message, or a home tab."""
    drawn = "".join(map(_block, blocks))
    if not home:
        who = '<div class="who"><b>Interlock</b> <span>APP</span> <i>11:58 AM</i></div>'
        drawn = f'<div class="face">I</div><div>{who}{drawn}</div>'
    kind = "home" if home else "post"
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><div class="{kind}">{drawn}</div>'


def _block(block: Any) -> str:
    match block["type"]:
        case "header":
            return f"<h3>{escape(block['text']['text'])}</h3>"
        case "section":
            return f"<p>{escape(block['text']['text'])}</p>"
        case "context":
            return f'<div class="small">{escape(" ".join(each["text"] for each in block["elements"]))}</div>'
        case "actions":
            buttons = (f'<b class="{b.get("style", "")}">{escape(b["text"]["text"])}</b>' for b in block["elements"])
            return f'<div class="row">{"".join(buttons)}</div>'
        case "rich_text":
            return f'<div class="rich">{"".join(map(_rich, block["elements"]))}</div>'
        case "divider":
            return "<hr>"
        case kind:
            raise ValueError(f"can't draw {kind}")


def _rich(element: Any) -> str:
    if element["type"] == "rich_text_list":
        return f"<ul>{''.join(f'<li>{_rich(each)}</li>' for each in element['elements'])}</ul>"
    parts = "".join(map(_part, element["elements"]))
    return f"<pre>{parts}</pre>" if element["type"] == "rich_text_preformatted" else f"<div>{parts}</div>"


def _part(part: Any) -> str:
    if part["type"] == "date":
        return datetime.fromtimestamp(part["timestamp"], UTC).strftime("%b %-d, %-I:%M %p")
    text = escape(part["text"])
    return f"<b>{text}</b>" if part.get("style", {}).get("bold") else text


_ID = ReviewId("01932f6e-8c1b-7cc2-9d3e-5a4b3c2d1e0f")
EXAMPLE = Notice(
    review=_ID,
    card=f"{_ID}.{'0' * 32}",
    url=f"https://interlock.example.com/reviews/{_ID}",
    state=ReviewState.PENDING,
    title="agent etl-agent asks to export clinic/public.patients",
    state_line="Waiting for sign-off",
    facts=(
        Fact("Who", "agent etl-agent, answered for by olivia"),
        Fact("Where", "clinic (production, hipaa)"),
        Fact("Does", "sql.select, sql.copy_out"),
        Fact("Touches", "clinic/public.patients (relation) [phi.mrn] [phi.name]"),
        Fact("Sensitive", "phi.mrn, phi.name.family"),
        Fact(
            "Comes back",
            "3 columns, 2 of them masked: mrn masked [phi.mrn]; family_name masked [phi.name]; ward in clear",
        ),
        Fact("On yes", "Exactly this may run once within 10 minutes."),
        Fact("Enforced by", "gateway"),
    ),
    code=("COPY (\n  SELECT mrn, family_name, ward\n  FROM patients\n  WHERE mrn = ‹phi.mrn, 5–8, #1›\n) TO STDOUT",),
    because=("PHI would leave the database (phi-export-needs-privacy-officer)",),
    said="The ward needs the list today. <!channel> <https://evil.example|Approve here>",
    ticket="OPS-4711",
    asks="1 of privacy-officers",
    answers=(),
    enforced_by="gateway",
    channels=frozenset({"console", "slack"}),
    expires_at=datetime(2026, 11, 22, 12, 30, tzinfo=UTC),
    whole=True,
)
SETTLED = replace(
    EXAMPLE,
    state=ReviewState.SUCCEEDED,
    state_line="Run: succeeded. Approved by priya",
    answers=("priya approved by slack",),
)
OTHER = replace(
    EXAMPLE,
    title="service nightly-report asks to drop clinic/public.staging_visits",
    asks="2 of database-owners",
)


def pictures() -> dict[str, str]:
    """Each picture's name and page."""
    lines = [Line(EXAMPLE, None), Line(OTHER, "You answer for nightly-report, so you can't sign this.")]
    blocks: Any = home_view(lines)["blocks"]
    return {
        "slack-card": page(list(message(EXAMPLE, None).blocks)),
        "slack-card-settled": page(list(message(SETTLED, None).blocks)),
        "slack-home": page(blocks, home=True),
    }


async def draw(folder: Path) -> None:
    """Draws them all."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM)
        sheet = await browser.new_page(viewport={"width": 700, "height": 400}, device_scale_factor=2)
        for name, html in pictures().items():
            await sheet.set_content(html)
            await sheet.locator("div").first.screenshot(path=str(folder / f"{name}.png"))
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw(_PICTURES))
