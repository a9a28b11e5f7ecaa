"""Modals and the home tab, pure. A modal carries the card's id in `private_metadata`, and nothing else: whatever is
submitted is read again from the store, so a restart in between loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from interlock.channels.answering import Answered, Line
from interlock.channels.notice import Notice
from interlock.channels.slack.blocks import (
    LOOK,
    MAX_TEXT,
    Json,
    actions,
    button,
    card,
    cut,
    entry,
    header,
    last_line,
    link,
    note,
    section,
)
from interlock.model.review import Verdict

MAX_REASON: Final = 1000  # characters that somebody may give as their reason here
MAX_INBOX: Final = 20
REASON_BLOCK: Final = "reason"
REASON: Final = "interlock_reason"
_CALLBACKS: Final = {Verdict.APPROVE: "interlock_vote_approve", Verdict.DENY: "interlock_vote_deny"}
VERDICTS: Final = {callback: verdict for verdict, callback in _CALLBACKS.items()}
_TITLES: Final = {Verdict.APPROVE: "Approve", Verdict.DENY: "Deny"}


def reason_view(verdict: Verdict, card_id: str) -> Json:
    """Asks for the reason; submitting it is the vote."""
    words = "You approve exactly what the card shows." if verdict is Verdict.APPROVE else "You say no to this."
    reason: Json = {
        "type": "input",
        "block_id": REASON_BLOCK,
        "optional": True,
        "label": _plain("Your reason"),
        "hint": _plain("Reviewers and auditors can read it. Write no patient data and no secrets."),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": True,
            "max_length": MAX_REASON,
        },
    }
    return _modal(_TITLES[verdict], [section(words), reason]) | {
        "callback_id": _CALLBACKS[verdict],
        "private_metadata": card_id,
        "submit": _plain(_TITLES[verdict]),
        "close": _plain("Back"),
    }


def told_view(answer: Answered, title: str = "Interlock") -> Json:
    """Tells who clicked what became of it."""
    lines: list[Json] = [section(cut(answer.text, MAX_TEXT))]
    return _modal(title, [*lines, *actions(link("Open in the console", answer.url))])


def waiting_view() -> Json:
    """Stands there while we look."""
    return _modal("Interlock", [section("One moment…")])


def card_view(notice: Notice, why_no_button: str | None) -> Json:
    """The whole card, with buttons as on a message."""
    return _modal("A held action", [*card(notice, why_no_button), *last_line(notice)])


def home_view(inbox: Sequence[Line] | Answered, most: int = MAX_INBOX) -> Json:
    """The home tab: what waits, what expires first in front; or why there is no list."""
    blocks: list[Json] = [header("Held actions")]
    if isinstance(inbox, Answered):
        blocks += [
            section(cut(inbox.text, MAX_TEXT)),
            *actions(link("Open the console", inbox.url)),
            *note(HOW_TO_LINK),
        ]
        return {"type": "home", "blocks": blocks}
    if not inbox:
        blocks += [section("Nothing waits for you.")]
    for line in inbox[:most]:
        blocks += _line(line)
    if len(inbox) > most:
        blocks += note("There are more: open the console for all of them.")
    return {"type": "home", "blocks": blocks}


def lines(inbox: Sequence[Line] | Answered, most: int = 10) -> list[Json]:
    """The answer to `/interlock`: the same list, shorter."""
    view = home_view(inbox, most)["blocks"]
    assert isinstance(view, list)
    return view


def told_blocks(answer: Answered) -> list[Json]:
    """An answer as a message."""
    return [section(cut(answer.text, MAX_TEXT)), *actions(link("Open in the console", answer.url))]


HOW_TO_LINK: Final = (
    "To link your account, begin a link in the console under You, then send /interlock link and the code it shows, "
    "and confirm it in the console."
)

HELP: Final = (
    "/interlock lists what waits for you. /interlock link CODE links your Slack account to you, with a code that the "
    "console gives you. /interlock help shows this."
)


def _line(line: Line) -> list[Json]:
    notice = line.notice
    state = f"{notice.state_line}\nMust sign: {notice.asks}"
    why = note(line.why_not) if line.why_not is not None else ()
    row = actions(button(LOOK, "Look", notice.card), link("Open in the console", notice.url))
    return [{"type": "divider"}, entry(cut(notice.title, 300), cut(state, 1000)), *why, *row]


def _modal(title: str, blocks: Sequence[Json]) -> Json:
    return {"type": "modal", "title": _plain(title), "close": _plain("Close"), "blocks": list(blocks)}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}
