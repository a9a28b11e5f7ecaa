"""How `interlock review approve` and `deny` get a vote: in the browser, where somebody signs in, or unsafely by key.

A key may lie about on a laptop that an agent uses too, so a vote from the terminal proves nobody's presence.
"""

from __future__ import annotations

import time
import webbrowser

import typer

from interlock.cli.api_client import REFUSED, ApiClient, GatewayRefused, GatewayUnreachable
from interlock.cli.card_text import needs, terminal
from interlock.model.review import ReviewState, Verdict
from interlock.review.visible import visible
from interlock.web.api.shapes import ReviewOut, ShownReview, Whoami

ATTEMPTS = 5  # times in a row that the wait tries to come back
AGAIN_SECONDS = 2.0
SIGNED = frozenset(
    {ReviewState.APPROVED, ReviewState.RELEASED, ReviewState.SUCCEEDED, ReviewState.FAILED, ReviewState.ROLLED_BACK}
)


def by_token(client: ApiClient) -> bool:
    """Whether votes by key count at this gateway."""
    return client.get(Whoami, "/api/whoami").unsafe_token_votes


def cast(client: ApiClient, found: ShownReview, verdict: Verdict, reason: str, yes: bool) -> None:
    """Asks, and votes by key for exactly the card that was shown."""
    out = terminal()
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
    after = client.post(ReviewOut, f"/api/reviews/{found.review.id}/votes", ballot)
    rest = f"; it still needs {needs(after)} in all" if after.state is ReviewState.PENDING else ""
    out.print(f"Your vote counts. The review is {after.state.value}{visible(rest)}.")


def in_browser(client: ApiClient, found: ShownReview, verdict: Verdict, no_browser: bool) -> None:
    """Opens the review in the browser and waits until it is settled, or you have voted there."""
    out = terminal()
    if found.review.state is not ReviewState.PENDING:
        _end(found, verdict)
    if no_browser or not _opened(found.url):
        out.print("Votes are cast in the console, where you sign in. Open this there:")
    else:
        out.print("Opened in your browser; vote there:")
    out.print(visible(found.url), soft_wrap=True)
    _end(_settled(client, found), verdict)


def _opened(url: str) -> bool:
    """Whether a browser was opened: only for an address of the web, whatever the gateway says."""
    try:
        return url.startswith(("https://", "http://")) and webbrowser.open(url)
    except webbrowser.Error:
        return False


def _settled(client: ApiClient, found: ShownReview) -> ShownReview:
    """The review once this person's vote is on it or it isn't pending any more: at the latest when it expires."""
    me, before, failures = client.get(Whoami, "/api/whoami").id, len(found.votes), 0
    while True:
        try:
            for moved in client.moves():
                failures = 0
                if moved in ("", found.review.id):
                    found = client.get(ShownReview, f"/api/reviews/{found.review.id}")
                voted = any(vote.person == me for vote in found.votes[before:])
                if voted or found.review.state is not ReviewState.PENDING:
                    return found
        except GatewayUnreachable:
            failures += 1
            if failures >= ATTEMPTS:
                raise
        time.sleep(AGAIN_SECONDS)


def _end(found: ShownReview, verdict: Verdict) -> None:
    """Says how it stands, and exits: 0 when it is as wanted, or your vote is and others are still to sign."""
    state = found.review.state
    rest = f"; it still needs {needs(found.review)} in all" if state is ReviewState.PENDING else ""
    terminal().print(f"The review is {state.value}{visible(rest)}.")
    wanted = state in SIGNED if verdict is Verdict.APPROVE else state is ReviewState.DENIED
    raise typer.Exit(0 if wanted or state is ReviewState.PENDING else REFUSED)
