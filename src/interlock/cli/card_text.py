"""A card in the terminal. Everything an agent wrote is made visible first: no escape codes, no markup, no links."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from interlock.model.comment import CommentKind
from interlock.model.verb import POLICY_LOAD
from interlock.review import words
from interlock.review.card_view import CardContent, LeafPart, StatementPart, read_card
from interlock.review.visible import visible, visible_block
from interlock.web.api.shapes import CommentOut, OwnReview, ReviewOut, ShownReview


def terminal(*, stderr: bool = False) -> Console:
    """A console that takes text as it is: nothing in it is markup, an emoji code or a number to colour."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def shown_card(shown: ShownReview) -> RenderableType:
    """The whole card with its state, votes and digests."""
    view = read_card(shown.card.content)
    parts: list[RenderableType] = [_heading(shown.review)]
    by_itself = _by_itself(shown.review)
    parts += [Text(f"Runs {by_itself}.", "bold")] if by_itself else []
    if view.content is None:
        parts.append(
            Text(f"This card can't be shown whole, so it can't be approved: {', '.join(view.faults)}.", "bold red")
        )
    else:
        parts += _content(view.content)
    parts += [Text(), _votes(shown), *_said(shown.comments), _digests(shown)]
    return Panel(Group(*parts), title=Text("Card", "bold"), title_align="left", padding=(1, 2))


def own_review(review: OwnReview) -> RenderableType:
    """A review as its asker sees it."""
    facts = [
        ("Review", review.id),
        ("State", review.state.value),
        ("Expires", f"{review.expires_at:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    facts += [("Labels", ", ".join(review.labels) or "none known"), ("Held because", "; ".join(review.reasons))]
    by_itself = _by_itself(review)
    facts += [("Runs", by_itself)] if by_itself else []
    facts += [("Narrowed", "a reviewer took something away before signing")] if review.narrowed else []
    facts += [("Row cap", str(review.row_cap))] if review.row_cap is not None else []
    return Group(_facts(facts), *_said(review.questions))


def review_rows(rows: list[tuple[ReviewOut, str]]) -> Table:
    """Reviews in a table, each with a note."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Review", "State", "Asker", "Connection", "Needs", "Expires (UTC)", ""):
        table.add_column(title, overflow="fold")
    for review, note in rows:
        table.add_row(
            *(
                Text(visible(cell))
                for cell in (
                    review.id,
                    review.state.value,
                    review.actor,
                    review.connection,
                    needs(review),
                    f"{review.expires_at:%m-%d %H:%M:%S}",
                    note,
                )
            )
        )
    return table


def needs(review: ReviewOut) -> str:
    """`2 of privacy-officers, then 1 of security`."""
    return words.needs(review.requirements, review.any_of, review.stages)


def _by_itself(review: ReviewOut | OwnReview) -> str:
    return words.by_itself(review.state, deferred=review.wait == "deferred")


def _heading(review: ReviewOut) -> Text:
    line = Text(visible(review.actor), "bold")
    line.append(f" on {visible(review.connection)}", "default")
    line.append(f"   {review.state.value}", "bold yellow" if review.state.value == "pending" else "bold")
    if review.state.value == "approved" and review.uses > 1:
        line.append(f", {words.runs_left(review.uses, review.uses_left)}", "default")
    return line


def _content(card: CardContent) -> list[RenderableType]:
    parts: list[RenderableType] = [_warning(text) for text in words.cautions(card)]
    for number, statement in enumerate(card.statements, 1):
        doing = "Would change" if POLICY_LOAD in card.verbs else "Would run"
        name = doing if len(card.statements) == 1 else f"{doing}, statement {number} of {len(card.statements)}"
        parts += [Text(), Text(name, "bold"), _code(statement)]
    connection = card.connection
    facts = [
        ("Connection", f"{connection.name} ({', '.join([connection.environment, *connection.tags])})"),
        ("Asker", f"{card.actor.kind} {card.actor.id}, answered for by {card.actor.owner}"),
        ("On behalf of", " → ".join(card.actor.chain) or "nobody else"),
        ("Verbs", ", ".join(card.verbs)),
        *(("Touches", f"{r.id} ({r.kind}) {' '.join(f'[{label}]' for label in r.labels)}") for r in card.resources),
        ("Labels in it", ", ".join(card.labels) or "none known"),
        *([("Filters on", ", ".join(card.filters))] if card.filters else []),
        *([("Writes", ", ".join(card.writes))] if card.writes else []),
        *([("Tool", f"{card.tool.name}, as defined by {card.tool.definition}")] if card.tool else []),
        *(("Comes back", f"{o.name}: {_leaves_as(o.masked, o.labels)}") for o in card.outputs),
        ("Size", card.estimate if card.row_cap is None else f"{card.estimate}; at most {card.row_cap} rows"),
        *(("Stopped by", f"{p.because} ({p.id})") for p in card.policies),
        ("Needs", words.needs(card.requirements, card.any_of, card.stages)),
        *([("Votes also from", ", ".join(card.channels))] if card.channels else []),
        *([("Break glass", f"members of {', '.join(card.break_glass)}, unsigned")] if card.break_glass else []),
        ("Once approved", words.runs(card.uses, card.valid_seconds)),
        ("Sign by", card.expires_at),
        *([("Ticket", f"{card.ticket_given}   (unverified text)")] if card.ticket_given else []),
        ("Asker's reason", f"{card.reason_given or 'none given'}   (unverified text)"),
    ]
    return [*parts, Text(), _facts(facts)]


def _warning(text: str) -> Text:
    return Text(f"! {visible(text)}", "bold yellow")


def _code(statement: StatementPart) -> Text:
    text = Text()
    for number, piece in enumerate(statement.code):
        text.append(visible_block(piece), "default")
        if number < len(statement.leaves):
            text.append_text(_leaf(statement.leaves[number]))
    return text


def _leaf(leaf: LeafPart) -> Text:
    shown = f"'{leaf.shown}'" if leaf.shown is not None and leaf.kind == "text" else leaf.shown
    if shown is not None and not leaf.label:
        return Text(visible(shown), "cyan")
    length = f"{leaf.length} characters" if leaf.length and leaf.kind != "null" else None
    said = " ".join(visible(word) for word in (shown, leaf.label or leaf.kind, leaf.mark, length) if word)
    return Text(f"‹{said}›", "bold magenta" if leaf.label else "magenta")


def _leaves_as(masked: bool, labels: list[str]) -> str:
    return f"{'masked' if masked else 'in clear'} {' '.join(f'[{label}]' for label in labels)}"


def _facts(facts: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    before = ""
    for name, value in facts:
        table.add_row(Text("" if name == before else name), Text(visible(value)))
        before = name
    return table


def _votes(shown: ShownReview) -> RenderableType:
    if not shown.votes:
        return Text("No votes yet.", "dim")
    said = {"approve": "approved", "deny": "denied"}
    lines = (
        f"{visible(v.person)} {said[v.verdict.value]} at {v.at:%Y-%m-%d %H:%M:%S} UTC ({v.presence.value})"
        for v in shown.votes
    )
    return Text("\n".join(lines))


def _said(comments: list[CommentOut]) -> list[RenderableType]:
    """What was said, each with who and when; an answer is the asker's own words."""
    parts: list[RenderableType] = []
    for each in comments:
        head = f"{each.who}, {each.kind.value} at {each.at:%Y-%m-%d %H:%M:%S} UTC"
        head += "   (unverified text)" if each.kind is CommentKind.ANSWER else ""
        parts += [Text(), Text(visible(head), "dim"), Text(visible_block(each.text))]
    return [*parts, Text()] if parts else []


def _digests(shown: ShownReview) -> Table:
    return _facts(
        [
            ("Action digest", shown.card.action_digest),
            ("Card digest", shown.card.card_digest),
            ("Review", shown.review.id),
        ]
    )
