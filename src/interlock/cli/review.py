"""`interlock review`: held actions from the terminal, over `/api`.

INTERLOCK_URL says where the gateway is, INTERLOCK_TOKEN holds your key: a person's, or that of an agent which asked for
something. A vote is cast in the browser; from here only where `unsafe_token_votes` is set.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from pydantic import RootModel

from interlock.cli import review_votes
from interlock.cli.api_client import (
    ApiClient,
    GatewayRefused,
    GatewayUnreachable,
    client_from_environment,
    plain_failures,
)
from interlock.cli.card_text import own_review, review_rows, shown_card, terminal
from interlock.model.comment import CommentKind
from interlock.model.review import ReviewState, Verdict
from interlock.review.visible import visible
from interlock.web.api.shapes import CommentOut, OwnReview, ReviewList, ShownReview

ATTEMPTS = 5  # times in a row that `watch` tries to come back
AGAIN_SECONDS = 2.0

app = typer.Typer(
    name="review",
    no_args_is_help=True,
    help="Held actions: list, show, approve, deny, comment, answer, withdraw, watch.",
)

ReviewArgument = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's id.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; no patient data.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask; the card is still shown. Only for votes by token.")]
NoBrowserOption = Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening it.")]
TextArgument = Annotated[str, typer.Argument(help="What to say; no patient data.")]


class AnyReview(RootModel[ShownReview | OwnReview]):
    """One review, as people or as its asker see it."""


@app.callback()
def _reviews() -> None:
    """Held actions. Reads INTERLOCK_URL and INTERLOCK_TOKEN."""


@app.command("list")
def list_reviews(
    state: Annotated[list[ReviewState] | None, typer.Option("--state", help="Only these; may be repeated.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 50,
) -> None:
    """List reviews, newest first: for people those they may see, for an agent or service what it waits for."""
    params: dict[str, Any] = {"limit": limit, **({"state": [s.value for s in state]} if state else {})}
    with plain_failures(), client_from_environment() as client:
        found = client.get(ReviewList, "/api/reviews", params).reviews
        out = terminal()
        if not found:
            out.print("No reviews.")
        for own in (r for r in found if isinstance(r, OwnReview)):
            out.print(visible(_own_line(own)), soft_wrap=True)
        listed = [r for r in found if not isinstance(r, OwnReview)]
        if listed:
            out.print(review_rows([(r.review, "you may sign" if r.may_sign else r.why_not or "") for r in listed]))


@app.command()
def show(review: ReviewArgument) -> None:
    """Show a review: its whole card to people, how it stands and what is asked to the asker."""
    with plain_failures(), client_from_environment() as client:
        found = fetch(client, review)
        terminal().print(own_review(found) if isinstance(found, OwnReview) else shown_card(found))


@app.command()
def approve(
    review: ReviewArgument, reason: ReasonOption = "", yes: YesOption = False, no_browser: NoBrowserOption = False
) -> None:
    """Show the card, open the review in the browser, and wait for what becomes of it there."""
    _vote(review, Verdict.APPROVE, reason, yes, no_browser)


@app.command()
def deny(
    review: ReviewArgument, reason: ReasonOption = "", yes: YesOption = False, no_browser: NoBrowserOption = False
) -> None:
    """Show the card, open the review in the browser, and wait for what becomes of it there."""
    _vote(review, Verdict.DENY, reason, yes, no_browser)


@app.command()
def comment(
    review: ReviewArgument,
    text: TextArgument,
    question: Annotated[bool, typer.Option("--question", help="Ask who asked; they are told.")] = False,
) -> None:
    """Say something about a review, or ask the asker."""
    _say(review, CommentKind.QUESTION if question else CommentKind.COMMENT, text)


@app.command()
def answer(review: ReviewArgument, text: TextArgument) -> None:
    """Answer what reviewers asked about your own request."""
    _say(review, CommentKind.ANSWER, text)


@app.command()
def withdraw(review: ReviewArgument) -> None:
    """Take your own request back."""
    with plain_failures(), client_from_environment() as client:
        after = client.post(OwnReview, f"/api/reviews/{checked(review)}/withdraw")
        terminal().print(f"The review is {after.state.value}.")


@app.command()
def watch() -> None:
    """Follow reviews as they move, until Ctrl-C."""
    with plain_failures(), client_from_environment() as client:
        failures = 0
        while True:
            try:
                for moved in client.moves():
                    failures = 0
                    _tell(client, moved)
            except GatewayUnreachable:
                failures += 1
                if failures >= ATTEMPTS:
                    raise
            except KeyboardInterrupt:
                return
            time.sleep(AGAIN_SECONDS)


def checked(review: str) -> str:
    """The id; raises `GatewayRefused` for what can't be one, before it becomes part of an address."""
    if not all(c in "0123456789abcdef-" for c in review) or len(review) > 36:
        raise GatewayRefused("not_found", "That isn't a review's id; `interlock review list` shows them.")
    return review


def fetch(client: ApiClient, review: str) -> ShownReview | OwnReview:
    """The review as this caller sees it."""
    return client.get(AnyReview, f"/api/reviews/{checked(review)}").root


def _vote(review: str, verdict: Verdict, reason: str, yes: bool, no_browser: bool) -> None:
    with plain_failures(), client_from_environment() as client:
        found = fetch(client, review)
        if isinstance(found, OwnReview):
            raise GatewayRefused("agents_never_vote", "Only people vote, and this key isn't a person's.")
        terminal().print(shown_card(found))
        if review_votes.by_token(client):
            review_votes.cast(client, found, verdict, reason, yes)
        else:
            review_votes.in_browser(client, found, verdict, no_browser)


def _say(review: str, kind: CommentKind, text: str) -> None:
    with plain_failures(), client_from_environment() as client:
        client.post(CommentOut, f"/api/reviews/{checked(review)}/comments", {"kind": kind.value, "text": text})
        terminal().print("Said.")


def _own_line(own: OwnReview) -> str:
    asked = sum(1 if each.kind is CommentKind.QUESTION else -1 for each in own.questions)
    waiting = f"  {asked} to answer" if asked > 0 else ""
    return f"{own.id}  {own.state.value}  expires {own.expires_at:%Y-%m-%d %H:%M:%S} UTC{waiting}"


def _tell(client: ApiClient, moved: str) -> None:
    out = terminal()
    if not moved:
        out.print("Watching. Ctrl-C ends it.")
        return
    found = fetch(client, moved)
    if isinstance(found, OwnReview):
        line = _own_line(found)
    else:
        line = f"{found.review.id}  {found.review.state.value}  {found.review.actor} on {found.review.connection}"
        line += "  (you may sign)" if found.may_sign else ""
    out.print(visible(line), soft_wrap=True)
