"""Templates to pages. Every variable is made visible and escaped, whatever the template says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from interlock.ledger.authorised import Broken
from interlock.model.names import PersonId
from interlock.model.person import Person
from interlock.review import words
from interlock.review.card_view import CardContent, LeafPart
from interlock.review.visible import visible, visible_block

_MARKER = re.compile("⟨[^⟩]{1,24}⟩")


class Pages:
    """The console's templates."""

    def __init__(
        self, version: str, unsafe_token_votes: bool, breaks_due: Callable[[PersonId], Sequence[Broken]]
    ) -> None:
        self._breaks_due = breaks_due
        self._templates = Environment(
            loader=PackageLoader("interlock.web.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            code=code, prose=prose, leaf=leaf, state_words=words.state_words, moment=words.moment, span=span
        )
        self._templates.filters.update(asks=asks, breaks=breaks, stamp=words.stamp, period=words.period)
        self._templates.globals.update(version=version, unsafe_token_votes=unsafe_token_votes)
        self._templates.globals.update(
            needs=words.needs, runs=words.runs, runs_left=words.runs_left, comes_back=words.comes_back
        )

    def compile(self) -> None:
        """Reads every template now, and not when its first page is asked for."""
        for name in self._templates.list_templates():
            self._templates.get_template(name)

    def render(self, template: str, status: int = 200, **context: object) -> HTMLResponse:
        """The page. Context without `me` (the signed-in person) gets a page head without a name.

        While the glass was broken and nobody has looked at it, every page says so to whoever may see it.
        """
        me = context.setdefault("me", None)
        context["breaks_due"] = self._breaks_due(me.id) if isinstance(me, Person) else ()
        context.setdefault("csrf", "")
        return HTMLResponse(self._templates.get_template(template).render(context), status)


def _finalize(value: object) -> object:
    """Runs on every `{{ ... }}` before escaping: what is unseen in plain text becomes visible."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def code(text: str) -> Markup:
    """Program text: lines kept, the unseen marked."""
    return _marked(visible_block(text))


def prose(text: str) -> Markup:
    """Somebody's words: lines kept, the unseen marked, never a link."""
    return _marked(visible_block(text))


def leaf(part: LeafPart) -> Markup:
    """A literal within a statement, as its own box: its text where that may be shown, else what is known of it."""
    kind = "labelled" if part.label else "hidden" if part.shown is None else "shown"
    known = [] if part.shown is None else [f"'{part.shown}'" if part.kind == "text" else part.shown]
    if part.shown is None or part.label:
        known += [part.label or part.kind, part.mark]
        known += [f"{part.length} characters"] if part.length and part.kind != "null" else []
    said = " · ".join(visible(word) for word in known if word)
    return Markup('<span class="leaf {}">{}</span>').format(kind, said)


def asks(content: CardContent) -> Markup:
    """One line: to do what with what."""
    names, more = words.touched(content)
    named = Markup(", ").join(Markup("<bdi>{}</bdi>").format(visible(name)) for name in names)
    return Markup("to {} {}{}").format(visible(words.doing(content)), named, more)


def breaks(label: str) -> Markup:
    """A label that may break after its dots."""
    return Markup(".<wbr>").join(visible(part) for part in label.split("."))  # join escapes each part


def span(length: timedelta | int) -> str:
    """A stretch of time in its two largest units: `2 h 5 min`, `4 min 30 s`."""
    seconds = max(0, int(length.total_seconds()) if isinstance(length, timedelta) else length)
    counts = (seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    largest = next((i for i, count in enumerate(counts) if count), 3)
    parts = list(zip(counts, ("d", "h", "min", "s"), strict=True))[largest : largest + 2]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _marked(text: str) -> Markup:
    def mark(found: re.Match[str]) -> str:
        return f'<span class="odd">{found.group()}</span>'

    return Markup(_MARKER.sub(mark, str(escape(text))))  # noqa: S704  escaped on this line; the marker holds no markup
