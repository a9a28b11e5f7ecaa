"""A notice as an Adaptive Card 1.5: pure, the same notice and view give the same card.

Every text from outside stands in a TextRun of a RichTextBlock. A TextRun takes no Markdown (a TextBlock does), so
nothing in it becomes a link, and without mention entities in the message nothing becomes a mention. The one thing that
clients do with a run's text, `{{DATE(...)}}` (Adaptive Cards, "Text features"), is kept from working by a cut between
the braces. A card with buttons is whole, or there are none: what doesn't fit is left for the console.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.channels.notice import Notice
from interlock.model.channels import Channel
from interlock.model.review import ReviewState

Json = Mapping[str, object]

VERSION: Final = "1.5"
CONTENT_TYPE: Final = "application/vnd.microsoft.card.adaptive"
LIMIT: Final = 28 * 1024  # bytes of a bot's message, counted as UTF-16 to be on the safe side (Teams' limits)
ENVELOPE: Final = 1024  # of these, for the message around the card
ANSWERED: Final = 2 * 1024  # and for the line that says what came of a click
MAX_USERS: Final = 60  # whose view is refreshed (Teams, "Up-to-date cards")
MAX_REASON: Final = 500  # characters that somebody may type
MAX_LINE: Final = 200  # characters of a title where the card can't be whole
MAX_LINES: Final = 10  # of a list
MAX_URL: Final = 2_048

APPROVE, DENY, REFRESH = "approve", "deny", "refresh"
TOO_LONG: Final = "This card is too long to be shown whole in a chat. Read and sign it in the console."
BY_CALLER: Final = "Enforced by the caller: Interlock answers, and whoever asked has to obey."
NOT_WHOLE: Final = "This card can't be shown whole by this version. It can't be signed here."

_BRACES: Final = re.compile(r"(?<=\{)(?=\{)")
_NBSP: Final = "\u00a0"  # keeps the indent of code, which clients drop otherwise
_COLOURS: Final = {
    ReviewState.PENDING: "Warning",
    ReviewState.APPROVED: "Good",
    ReviewState.SUCCEEDED: "Good",
    ReviewState.DENIED: "Attention",
    ReviewState.FAILED: "Attention",
    ReviewState.UNKNOWN: "Attention",
}


@dataclass(frozen=True, slots=True)
class View:
    """Whom a card is for. `buttons`: they may vote from here; `because`: else why not, "" where nothing is to be said.

    `users`: Teams' ids (`29:...`) of those whose view is fetched when the card comes into sight; `shared`: many see
    this one, so it offers everybody their own view. `answer`: what came of their click.
    """

    buttons: bool = False
    because: str = ""
    users: tuple[str, ...] = ()
    shared: bool = False
    answer: str = ""


def card_of(notice: Notice, view: View) -> Json:
    """The card, at most `LIMIT` bytes with the message around it; without buttons and short where it can't be whole."""
    if not fits(notice):
        return _short(notice, view)
    buttons = view.buttons and may_have_buttons(notice)
    body = _answer(view.answer) + _body(notice, view.because if not buttons else "")
    actions = [_open(notice.url)]
    if buttons:
        body.append(_reason_input())
        actions = [*_votes(notice), *actions]
    elif view.shared and notice.state is ReviewState.PENDING:
        actions.insert(0, _execute("Show what I can do", REFRESH, notice))
    return _refreshed(_card(body, actions), notice, view)


def may_have_buttons(notice: Notice) -> bool:
    """Whether a card of this notice can carry votes: pending, for Teams too, read whole, and short enough to show."""
    return (
        notice.state is ReviewState.PENDING and Channel.TEAMS.value in notice.channels and notice.whole and fits(notice)
    )


def fits(notice: Notice) -> bool:
    """Whether it can be shown whole, with buttons and an answer; who looks makes no difference."""
    card = _card([*_body(notice, NOT_WHOLE), _reason_input()], [*_votes(notice), _open(notice.url)])
    return size(card) + ENVELOPE + ANSWERED <= LIMIT and len(notice.url) <= MAX_URL


def size(card: Json) -> int:
    """Bytes of a card as Teams counts them at most: UTF-16, two for each character of its JSON."""
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le", "surrogatepass"))


def reminder_of(notice: Notice) -> Json:
    """That it still waits, with the way to it."""
    lines = [_text("This review still waits", weight="Bolder"), _text(_cut(notice.title)), *_until(notice)]
    return _card(lines, [_open(notice.url)])


def said(text: str, url: str = "") -> Json:
    """A sentence of ours, and where to go on."""
    return _card([_text(_cut(text, 2_000))], [_open(url)] if 0 < len(url) <= MAX_URL else [])


def listed(lines: Sequence[tuple[Notice, str | None]]) -> Json:
    """Somebody's pending reviews, each with why they can't sign it (None: they can)."""
    if not lines:
        return said("Nothing waits for you.")
    body: list[Json] = [_text(f"{len(lines)} waiting", weight="Bolder", size="Medium")]
    for notice, why_not in lines[:MAX_LINES]:
        said_of_it = "You can sign it." if why_not is None else why_not
        body.append(_text(_cut(notice.title), weight="Bolder", separator=True))
        body.append(_text(_cut(said_of_it), subtle=True, spacing="None"))
        body.append({"type": "ActionSet", "actions": [_open(notice.url)]})
    return _card(body, [])


def _short(notice: Notice, view: View) -> Json:
    body = [
        *_answer(view.answer),
        _text(_cut(notice.title), weight="Bolder", size="Large"),
        _text(_cut(notice.state_line), colour=_COLOURS.get(notice.state, "Default")),
        _text(TOO_LONG),
        *_until(notice),
    ]
    return _card(body, [_open(notice.url)] if len(notice.url) <= MAX_URL else [])


def _body(notice: Notice, because: str) -> list[Json]:
    body: list[Json] = [
        _text(notice.title, weight="Bolder", size="Large"),
        _text(notice.state_line, colour=_COLOURS.get(notice.state, "Default"), spacing="None"),
    ]
    body += [_named(fact.name, fact.text, spacing="Small") for fact in notice.facts]
    body += [_code(statement) for statement in notice.code]
    body += _section("Why it is held", notice.because)
    if notice.said:
        body += _section("The asker's reason, which nobody has checked", (notice.said,))
    if notice.ticket:
        body.append(_named("Ticket given by the asker", notice.ticket))
    body.append(_named("Needs", notice.asks, spacing="Medium"))
    body += [_text(answer, spacing="Small") for answer in notice.answers]
    if notice.enforced_by == "caller":
        body.append(_text(BY_CALLER, colour="Attention", spacing="Small"))
    body += _until(notice)
    if not notice.whole:
        body.append(_text(NOT_WHOLE, colour="Attention"))
    if because:
        body.append(_text(because, subtle=True))
    return body


def _answer(text: str) -> list[Json]:
    if not text:
        return []
    return [{"type": "Container", "style": "emphasis", "items": [_text(_cut(text, 400), weight="Bolder")]}]


def _section(name: str, lines: Iterable[str]) -> list[Json]:
    items = [_text(line, spacing="None") for line in lines if line]
    return [_text(name, weight="Bolder", spacing="Medium"), *items] if items else []


def _code(statement: str) -> Json:
    lines = [_text(_indented(line), mono=True, spacing="None") for line in statement.split("\n")]
    return {"type": "Container", "style": "emphasis", "spacing": "Medium", "items": lines}


def _indented(line: str) -> str:
    kept = line.replace("\t", "    ").replace("\r", "")
    inner = kept.lstrip(" ")
    return _NBSP * (len(kept) - len(inner)) + inner


def _until(notice: Notice) -> list[Json]:
    if notice.state is not ReviewState.PENDING:
        return []
    return [_named("Waits until", f"{notice.expires_at:%Y-%m-%d %H:%M} UTC", spacing="Small")]


def _votes(notice: Notice) -> list[Json]:
    return [
        _execute("Approve", APPROVE, notice, style="positive"),
        _execute("Deny", DENY, notice, style="destructive"),
    ]


def _execute(title: str, verb: str, notice: Notice, **more: str) -> Json:
    """A button. Clients from before Action.Execute send the same as a message, with the verb among its data."""
    submitted = {"type": "Action.Submit", "title": title, "data": {"card": notice.card, "verb": verb}, **more}
    data = {"card": notice.card}
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": data, **more, "fallback": submitted}


def _open(url: str) -> Json:
    return {"type": "Action.OpenUrl", "title": "Open in the console", "url": url}


def _reason_input() -> Json:
    return {
        "type": "Input.Text",
        "id": "reason",
        "label": "Your reason (kept with your vote)",
        "isMultiline": True,
        "maxLength": MAX_REASON,
    }


def _refreshed(card: Json, notice: Notice, view: View) -> Json:
    """With whose view is fetched: as many of them as still fit. A settled card is the same for everybody."""
    if notice.state is not ReviewState.PENDING or not view.users:
        return card
    action = {"type": "Action.Execute", "title": "Refresh", "verb": REFRESH, "data": {"card": notice.card}}
    users: list[str] = []
    for user in view.users[:MAX_USERS]:
        grown = {**card, "refresh": {"action": action, "userIds": [*users, user]}}
        if size(grown) + ENVELOPE > LIMIT:
            break
        users.append(user)
    return {**card, "refresh": {"action": action, "userIds": users}} if users else card


def _card(body: Sequence[Json], actions: Sequence[Json]) -> Json:
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION,
        "body": list(body),
        **({"actions": list(actions)} if actions else {}),
        "msteams": {"width": "full"},
    }


def _named(name: str, text: str, spacing: str = "Default") -> Json:
    runs = [*_runs(f"{name}: ", weight="Bolder"), *_runs(text)]
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": runs}


def _text(  # the options of one run, each a word of Adaptive Cards
    text: str,
    *,
    weight: str = "",
    size: str = "",
    colour: str = "",
    spacing: str = "",
    mono: bool = False,
    subtle: bool = False,
    separator: bool = False,
) -> Json:
    style = {"weight": weight, "size": size, "color": colour, "fontType": "Monospace" if mono else ""}
    runs = _runs(text, subtle=subtle, **style)
    block: dict[str, object] = {"type": "RichTextBlock", "inlines": runs}
    if spacing:
        block["spacing"] = spacing
    return {**block, "separator": True} if separator else block


def _runs(text: str, *, subtle: bool = False, **style: str) -> list[Json]:
    told = {name: value for name, value in style.items() if value} | ({"isSubtle": True} if subtle else {})
    return [{"type": "TextRun", "text": part, **told} for part in _BRACES.split(text or _NBSP)]


def _cut(text: str, most: int = MAX_LINE) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
