"""The notice of a review: the sealed card, the votes and where it stands, in plain words that are safe to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from interlock.channels.notice import Fact, Notice
from interlock.desk import Desk
from interlock.errors import LedgerCorrupt, NotFound
from interlock.model.card import Card
from interlock.model.channels import card_id
from interlock.model.names import ReviewId
from interlock.model.review import Review, ReviewState, Verdict, Vote
from interlock.model.verb import POLICY_LOAD
from interlock.review import words
from interlock.review.card_view import CardContent, CardView, LeafPart, OutputPart, StatementPart, read_card
from interlock.review.visible import visible, visible_block

LINE_END: Final = "\N{SYMBOL FOR NEWLINE}"
TITLE: Final = 150  # characters; the facts below a title say all of it


def plain(text: str, most: int | None = None) -> str:
    """`text` on one line, with what can't be seen as visible marks (`review.visible`); longer than `most` characters it
    ends in an ellipsis. What a vote binds is never cut: what is too long for a place has no button there."""
    shown = LINE_END.join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))
    return shown if most is None or len(shown) <= most else shown[: most - 1] + "…"


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice, and the card that it was made of; None where that can't be read."""

    notice: Notice
    card: Card | None


@dataclass(frozen=True, slots=True)
class Notices:
    """Makes notices of reviews as they are now. `public_url` is where the console is."""

    desk: Desk
    public_url: str

    async def of(self, review_id: ReviewId) -> Notice:
        """The notice; raises `NotFound`."""
        return (await self.shown(review_id)).notice

    async def shown(self, review_id: ReviewId) -> Shown:
        """The notice with its card; raises `NotFound`."""
        review = await self.desk.review(review_id)
        votes = await self.desk.votes(review_id)
        try:
            card = await self.desk.card(review_id)
        except (LedgerCorrupt, NotFound):
            return Shown(self._notice(review, None, CardView(None, ("the seal",)), votes), None)
        return Shown(self._notice(review, card, read_card(card.content), votes), card)

    def url(self, review: ReviewId) -> str:
        """Where the console shows it."""
        return f"{self.public_url.rstrip('/')}/reviews/{review}"

    def _notice(self, review: Review, card: Card | None, view: CardView, votes: Sequence[Vote]) -> Notice:
        content, asked = view.content, review.requirements
        digest = review.card_digest if card is None else card.card_digest
        broken = self.desk.broken(review.id)
        return Notice(
            review=review.id,
            card=card_id(review.id, digest),
            url=self.url(review.id),
            state=review.state,
            title=plain(_title(review, content), TITLE),
            state_line=plain(state_line(review, votes, broken.person if broken else "")),
            facts=tuple(_facts(content, _by_itself(review)) if content else _few(review, view.faults)),
            code=tuple(_code(statement) for statement in content.statements) if content else (),
            because=tuple(plain(f"{p.because} ({p.id})" if p.id else p.because) for p in content.policies)
            if content
            else (),
            said=plain(content.reason_given) if content else "",
            ticket=plain(content.ticket_given) if content else "",
            asks=plain(words.needs(asked.quorums, asked.any_of, asked.stages)),
            answers=tuple(plain(_answer(vote, digest)) for vote in votes),
            enforced_by=plain(content.enforced_by) if content else "",
            channels=frozenset(asked.channels),
            expires_at=review.expires_at,
            whole=content is not None,
        )


def state_line(review: Review, votes: Sequence[Vote], broken_by: str = "") -> str:
    """Where it stands, for people: `Approved by dana and remy; not run yet`."""
    yes, no = _names(review, votes, Verdict.APPROVE), _names(review, votes, Verdict.DENY)
    by = f"The glass was broken by {broken_by}" if broken_by else f"Approved by {yes}" if yes else "Approved"
    match review.state:
        case ReviewState.PENDING:
            return f"Waiting for sign-off; {yes} approved so far" if yes else "Waiting for sign-off"
        case ReviewState.APPROVED if review.uses_left < review.uses:
            return f"{by}; ran {review.uses - review.uses_left} of {review.uses} times"
        case ReviewState.APPROVED:
            return f"{by}; not run yet"
        case ReviewState.RELEASED:
            return f"{by}; running"
        case ReviewState.SUCCEEDED | ReviewState.FAILED | ReviewState.ROLLED_BACK | ReviewState.UNKNOWN:
            return f"{words.STATE_WORDS[review.state].replace(', ', ': ', 1)}. {by}"
        case ReviewState.DENIED:
            return f"Denied by {no}" if no else "Denied"
        case ReviewState.EXPIRED:
            return _expired(review, by, yes)
        case ReviewState.WITHDRAWN:
            return "Withdrawn by who asked"
        case ReviewState.SUPERSEDED:
            return "Superseded: as it stands here it never runs"
        case _:
            assert_never(review.state)


def _expired(review: Review, by: str, yes: str) -> str:
    if review.approved_until is not None:
        return f"{by}; the approval ran out"
    return f"Expired: only {yes} approved in time" if yes else "Expired unanswered"


def _names(review: Review, votes: Iterable[Vote], verdict: Verdict) -> str:
    """Who said so of the card as it is, and hasn't said otherwise since: `dana, remy and olivia`."""
    last = {vote.person: vote.verdict for vote in votes if vote.card_digest == review.card_digest}
    *rest, end = [str(person) for person, said in last.items() if said is verdict] or [""]
    return f"{', '.join(rest)} and {end}" if rest else end


def _answer(vote: Vote, digest: str) -> str:
    said = words.voted(vote)
    return said if vote.card_digest == digest else f"{said}, before the card changed: it doesn't count"


def _title(review: Review, content: CardContent | None) -> str:
    if content is None:
        return f"{review.actor} asks for something on {review.connection} that can't be shown whole"
    names, more = words.touched(content)
    return f"{content.actor.kind} {content.actor.id} asks to {words.doing(content)} {', '.join(names)}{more}"


def _few(review: Review, faults: Sequence[str]) -> list[Fact]:
    """All that there is to say when the card isn't whole."""
    sentence = f"This card can't be shown whole, so it can't be approved: {', '.join(faults)}."
    said = (("Who", review.actor), ("Where", review.connection), ("Take care", sentence))
    return [Fact(name, plain(text)) for name, text in said]


def _by_itself(review: Review) -> str:
    return words.by_itself(review.state, deferred=review.deferred)


def _facts(card: CardContent, by_itself: str) -> list[Fact]:
    """Everything that a vote binds but the code, the policies' and the asker's words; in the order of asking.
    `by_itself`: that it runs without its asker, where it does."""
    actor, connection, doing = card.actor, card.connection, POLICY_LOAD in card.verbs
    where = ", ".join([connection.environment, *connection.tags])
    size = card.estimate if card.row_cap is None else f"{card.estimate}; at most {card.row_cap} rows, or it is undone"
    said = [
        ("Who", f"{actor.kind} {actor.id}, answered for by {actor.owner}"),
        ("For", " → ".join(actor.chain)),
        ("Where", f"{connection.name} ({where})"),
        ("Does", ", ".join(card.verbs)),
        *(("Touches", f"{r.id} ({r.kind}){_labels(r.labels)}") for r in card.resources),
        ("Tool", f"{card.tool.name}, as defined by {card.tool.definition}" if card.tool else ""),
        ("Sensitive", ", ".join(card.labels) or "No labels known in it."),
        ("Filters on", ", ".join(card.filters)),
        ("Writes", ", ".join(card.writes)),
        *(("Take care", each) for each in words.cautions(card)),
        ("Comes back", _comes_back(card)),
        ("Size", size),
        ("On yes", f"{'It takes effect' if doing else 'Exactly this'} {words.runs(card.uses, card.valid_seconds)}."),
        ("Runs", by_itself),
        ("Sign by", words.stamp(card.expires_at)),
        ("Enforced by", card.enforced_by),
        ("Break glass", f"members of {', '.join(card.break_glass)}, unsigned" if card.break_glass else ""),
    ]
    return [Fact(name, plain(text)) for name, text in said if text]


def _comes_back(card: CardContent) -> str:
    masked = sum(output.masked for output in card.outputs)
    said = words.comes_back(len(card.outputs), masked, len(card.reveals))
    return f"{said}: {'; '.join(map(_output, card.outputs))}" if said else ""


def _output(output: OutputPart) -> str:
    return f"{output.name} {'masked' if output.masked else 'in clear'}{_labels(output.labels)}"


def _labels(labels: Sequence[str]) -> str:
    return "".join(f" [{label}]" for label in labels)


def _code(statement: StatementPart) -> str:
    pieces = [visible_block(statement.code[0])]
    for leaf, code in zip(statement.leaves, statement.code[1:], strict=True):
        pieces += [_leaf(leaf), visible_block(code)]
    return "".join(pieces)


def _leaf(leaf: LeafPart) -> str:
    """A literal: its text where that may be shown, else what is known of it. Nothing labelled leaves the console."""
    if leaf.shown is not None and not leaf.label:
        return visible(f"'{leaf.shown}'" if leaf.kind == "text" else leaf.shown)
    length = f"{leaf.length} characters" if leaf.length and leaf.kind != "null" else ""
    return f"‹{' '.join(visible(word) for word in (leaf.label or leaf.kind, leaf.mark, length) if word)}›"
