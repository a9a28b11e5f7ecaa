"""`interlock review`: held actions from the terminal, over `/api`.

INTERLOCK_URL says where the gateway is, INTERLOCK_TOKEN holds your key. Votes from here are votes by token: they count
only where `unsafe_token_votes` is set; elsewhere sign in to the console.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from pydantic import RootModel

from interlock.cli.api_client import (
    REFUSED,
    ApiClient,
    GatewayRefused,
    GatewayUnreachable,
    client_from_environment,
    plain_failures,
)
from interlock.cli.card_text import needs, own_review, review_rows, shown_card, terminal
from interlock.model.review import ReviewState, Verdict
from interlock.web.api.shapes import OwnReview, ReviewList, ReviewOut, ShownReview
from interlock.web.visible import visible

ATTEMPTS = 5  # times in a row that `watch` tries to come back
AGAIN_SECONDS = 2.0

app = typer.Typer(name="review", no_args_is_help=True, help="Held actions: list, show, approve, deny, watch.")

ReviewArgument = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's id.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; no patient data.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask; the card is still shown.")]


class AnyReview(RootModel[ShownReview | OwnReview]):
    """One review, as people or as its asker see it."""


@app.callback()
def _reviews() -> None:
    """Held actions: list, show, approve, deny, watch. Reads INTERLOCK_URL and INTERLOCK_TOKEN."""


@app.command("list")
def list_reviews(
    state: Annotated[list[ReviewState] | None, typer.Option("--state", help="Only these; may be repeated.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 50,
) -> None:
    """List reviews, newest first."""
    params: dict[str, Any] = {"limit": limit, **({"state": [s.value for s in state]} if state else {})}
    with plain_failures(), client_from_environment() as client:
        found = client.get(ReviewList, "/api/reviews", params).reviews
        out = terminal()
        if not found:
            out.print("No reviews.")
        for own in (r for r in found if isinstance(r, OwnReview)):
            out.print(f"{own.id}  {own.state.value}  expires {own.expires_at:%Y-%m-%d %H:%M:%S} UTC", soft_wrap=True)
        listed = [r for r in found if not isinstance(r, OwnReview)]
        if listed:
            out.print(review_rows([(r.review, "you may sign" if r.may_sign else r.why_not or "") for r in listed]))


@app.command()
def show(review: ReviewArgument) -> None:
    """Show a review's whole card."""
    with plain_failures(), client_from_environment() as client:
        found = _fetch(client, review)
        terminal().print(own_review(found) if isinstance(found, OwnReview) else shown_card(found))


@app.command()
def approve(review: ReviewArgument, reason: ReasonOption = "", yes: YesOption = False) -> None:
    """Show the card, ask, and approve exactly what was shown."""
    _vote(review, Verdict.APPROVE, reason, yes)


@app.command()
def deny(review: ReviewArgument, reason: ReasonOption = "", yes: YesOption = False) -> None:
    """Show the card, ask, and deny."""
    _vote(review, Verdict.DENY, reason, yes)


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


def _fetch(client: ApiClient, review: str) -> ShownReview | OwnReview:
    if not all(c in "0123456789abcdef-" for c in review) or len(review) > 36:
        raise GatewayRefused("not_found", "That isn't a review's id; `interlock review list` shows them.")
    return client.get(AnyReview, f"/api/reviews/{review}").root


def _vote(review: str, verdict: Verdict, reason: str, yes: bool) -> None:
    with plain_failures(), client_from_environment() as client:
        found = _fetch(client, review)
        if isinstance(found, OwnReview):
            raise GatewayRefused("agents_never_vote", "Only people vote, and this key isn't a person's.")
        out = terminal()
        out.print(shown_card(found))
        if verdict is Verdict.APPROVE and not found.card.whole:
            raise GatewayRefused("card_not_whole", "This card can't be shown whole, so it can't be approved.")
        if not yes and not typer.confirm(f"{verdict.value.capitalize()} exactly this?"):
            out.print("Nothing was sent.")
            raise typer.Exit(REFUSED)
        ballot = {
            "verdict": verdict.value,
            "action_digest": found.card.action_digest,
            "card_digest": found.card.card_digest,
            "reason": reason,
        }
        after = client.post(ReviewOut, f"/api/reviews/{review}/votes", ballot)
        rest = f"; it still needs {needs(after)} in all" if after.state is ReviewState.PENDING else ""
        out.print(f"Your vote counts. The review is {after.state.value}{visible(rest)}.")


def _tell(client: ApiClient, moved: str) -> None:
    out = terminal()
    if not moved:
        out.print("Watching. Ctrl-C ends it.")
        return
    found = client.get(AnyReview, f"/api/reviews/{moved}").root
    if isinstance(found, OwnReview):
        line = f"{found.id}  {found.state.value}"
    else:
        line = f"{found.review.id}  {found.review.state.value}  {found.review.actor} on {found.review.connection}"
        line += "  (you may sign)" if found.may_sign else ""
    out.print(visible(line), soft_wrap=True)
