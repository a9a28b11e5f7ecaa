"""A notice as Block Kit, pure. What others wrote is only ever `plain_text` or a literal `text` element of `rich_text`:
Slack reads no markup, mention or link in either. No `mrkdwn` is written here at all.

A card is shown whole, or not at all: one beyond Slack's limits has no buttons to vote, says so, and leads to the
console (design section 7, "The card"). Limits: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from interlock.channels.notice import Notice
from interlock.model.channels import Channel
from interlock.model.review import ReviewState

Json = dict[str, object]

APPROVE: Final = "interlock_approve"
DENY: Final = "interlock_deny"
OPEN: Final = "interlock_open"
LOOK: Final = "interlock_look"

MAX_BLOCKS: Final = 50
MAX_HEADER: Final = 150
MAX_TEXT: Final = 3000  # of a section
MAX_URL: Final = 3000
MAX_LITERAL: Final = 2900  # of one text element: no limit is published, a section's is kept
MAX_ALL: Final = 12_000  # of a whole message: Slack answers msg_blocks_too_long a little beyond
_SETTLED: Final = frozenset(set(ReviewState) - {ReviewState.PENDING, ReviewState.APPROVED})


@dataclass(frozen=True, slots=True)
class Message:
    """What chat.postMessage takes: `text` is what notifications and screen readers get, our own words only."""

    text: str
    blocks: tuple[Json, ...]


def message(notice: Notice, why_no_button: str | None) -> Message:
    """The message about a review: buttons while it is pending, unless `why_no_button` says otherwise."""
    return Message(_fallback(notice), (*card(notice, why_no_button), *last_line(notice)))


def short_message(notice: Notice) -> Message:
    """The same without the card, for when Slack doesn't take it whole."""
    return Message(_fallback(notice), (*_short(notice, _TOO_LONG), *last_line(notice)))


def card(notice: Notice, why_no_button: str | None) -> tuple[Json, ...]:
    """The card with its buttons, or what stands in for it."""
    if not notice.whole:
        return _short(notice, "This card couldn't be read as a whole, so it can't be answered here.")
    if not fits(notice):
        return _short(notice, _TOO_LONG)
    whole = _whole(notice)
    if notice.state is not ReviewState.PENDING:
        return (*whole, *actions(_open(notice)))
    if Channel.SLACK not in notice.channels:
        why_no_button = why_no_button or "Policy doesn't take signatures from Slack."
    if why_no_button is not None:
        return (*whole, *note(f"It can't be answered here. {why_no_button}"), *actions(_open(notice)))
    votes = (
        button(APPROVE, "Approve…", notice.card, style="primary"),
        button(DENY, "Deny…", notice.card, style="danger"),
    )
    return (*whole, *actions(*votes, _open(notice)))


def fits(notice: Notice) -> bool:
    """Whether all of the card can be shown in one message."""
    texts = [notice.title, notice.state_line, notice.asks, notice.said, notice.ticket, *notice.code]
    texts += [*notice.because, *notice.answers]
    texts += [part for fact in notice.facts for part in (fact.name, fact.text)]
    return max(map(size, texts)) <= MAX_LITERAL and sum(map(size, texts)) <= MAX_ALL - 1000  # our own words


def size(text: str) -> int:
    """Characters as Slack counts them at most: UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """The text, or its beginning and a sign that there is more. Never used for what a vote would bind."""
    if size(text) <= most:
        return text
    kept = text[: most - 1]
    while size(kept) > most - 1:
        kept = kept[:-1]
    return kept + "…"


# -- parts ------------------------------------------------------------------------------------------------------------


def _whole(notice: Notice) -> tuple[Json, ...]:
    facts = [_section(_text(f"{fact.name}: ", bold=True), _text(fact.text), _text("\n")) for fact in notice.facts]
    code: list[Json] = [_section(_text("What would run", bold=True))] if notice.code else []
    code += [_literal(each) for each in notice.code]
    why: list[Json] = []
    if notice.because:
        why += [_section(_text("Why it is held", bold=True)), _list(notice.because)]
    if notice.said:
        why += [_section(_text("The asker's own words, unverified", bold=True)), _literal(notice.said)]
    if notice.ticket:
        why += [_section(_text("Ticket, unverified", bold=True)), _literal(notice.ticket)]
    signed: list[Json] = [_section(_text("Must sign: ", bold=True), _text(notice.asks))]
    if notice.answers:
        signed += [_section(_text("Answers", bold=True)), _list(notice.answers)]
    return (*_head(notice), *_rich(facts), *_rich(code), *_rich(why), *_rich(signed))


def _head(notice: Notice) -> tuple[Json, ...]:
    fit = size(notice.title) <= MAX_HEADER
    title = () if fit else (section(cut(notice.title, MAX_TEXT)),)
    return (
        header(notice.title if fit else "A review"),
        *title,
        section(cut(_mark(notice) + notice.state_line, MAX_TEXT)),
    )


def _short(notice: Notice, because: str) -> tuple[Json, ...]:
    asks = section(cut(f"Must sign: {notice.asks}", MAX_TEXT))
    return (*_head(notice), asks, *note(because), *actions(_open(notice)))


def last_line(notice: Notice) -> tuple[Json, ...]:
    """Until when it waits, by the reader's own clock; nothing once it is settled."""
    if notice.state is not ReviewState.PENDING:
        return ()
    return _rich([_section(_text("Waits until "), _moment(notice.expires_at), _text("."))])


def header(text: str) -> Json:
    """A heading, at most `MAX_HEADER` long."""
    return {"type": "header", "text": _plain(text)}


def section(text: str) -> Json:
    """A paragraph of plain text, at most `MAX_TEXT` long."""
    return {"type": "section", "text": _plain(text)}


def note(text: str) -> tuple[Json, ...]:
    """A line in small print."""
    return ({"type": "context", "elements": [_plain(cut(text, 2000))]},)


def actions(*buttons: Json | None) -> tuple[Json, ...]:
    """A row of those buttons that there are."""
    there = [each for each in buttons if each is not None]
    return ({"type": "actions", "elements": there},) if there else ()


def button(action: str, label: str, value: str, style: str = "") -> Json:
    """A button that carries `value`, which is a card's id and nothing else."""
    made: Json = {"type": "button", "action_id": action, "text": _plain(label), "value": value}
    return made | {"style": style} if style else made


def link(label: str, url: str) -> Json | None:
    """A button that opens a page of ours; None where there is no address for it."""
    if not url.startswith(("https://", "http://")) or size(url) > MAX_URL:
        return None
    return {"type": "button", "action_id": OPEN, "text": _plain(label), "url": url}


def entry(title: str, text: str) -> Json:
    """Something in a list: its title in bold, and what is said of it."""
    return {"type": "rich_text", "elements": [_section(_text(title, bold=True), _text(f"\n{text}"))]}


def waits(expires_at: datetime) -> tuple[Json, ...]:
    """That a review still waits, until when: what a reminder says."""
    return _rich([_section(_text("This review still waits for an answer, until "), _moment(expires_at), _text("."))])


def _open(notice: Notice) -> Json | None:
    return link("Open in the console", notice.url)


def _fallback(notice: Notice) -> str:
    match notice.state:
        case ReviewState.PENDING:
            return "A held action waits for review."
        case _ if notice.state in _SETTLED or notice.state is ReviewState.APPROVED:
            return f"A held action: {notice.state.value.replace('_', ' ')}."
    return "A held action."


def _mark(notice: Notice) -> str:
    match notice.state:
        case ReviewState.PENDING:
            return "● "
        case ReviewState.APPROVED | ReviewState.RELEASED | ReviewState.SUCCEEDED:
            return "✓ "
        case ReviewState.DENIED | ReviewState.FAILED | ReviewState.ROLLED_BACK | ReviewState.UNKNOWN:
            return "✗ "
        case ReviewState.EXPIRED | ReviewState.WITHDRAWN | ReviewState.SUPERSEDED:
            return "○ "


_TOO_LONG: Final = "This card is too long to be shown here as a whole, so it can't be answered here."


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text if text.strip() else "–", "emoji": False}


def _text(text: str, *, bold: bool = False) -> Json:
    made: Json = {"type": "text", "text": text or "–"}
    return made | {"style": {"bold": True}} if bold else made


def _moment(at: datetime) -> Json:
    fallback = f"{at:%Y-%m-%d %H:%M} UTC"
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": "{date_short_pretty}, {time}",
        "fallback": fallback,
    }


def _section(*parts: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(parts)}


def _literal(text: str) -> Json:
    return {"type": "rich_text_preformatted", "elements": [_text(text)]}


def _list(texts: Iterable[str]) -> Json:
    return {"type": "rich_text_list", "style": "bullet", "elements": [_section(_text(each)) for each in texts]}


def _rich(elements: Sequence[Json]) -> tuple[Json, ...]:
    return ({"type": "rich_text", "elements": list(elements)},) if elements else ()
