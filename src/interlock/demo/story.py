"""What the demo prints: the story of one agent, for somebody who sees Interlock for the first time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from interlock.demo.steps import Step

SHOWN_ROWS = 5


class Story:
    """Writes to one console. Text from outside is never taken as markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def width(self) -> int:
        """Columns to fill."""
        return min(self._console.width, 120)

    @property
    def colour(self) -> bool:
        """Whether the terminal takes colours."""
        return self._console.is_terminal and not self._console.no_color

    def begin(self, number: int, title: str, statement: str = "") -> None:
        """A step's heading, and what the agent sends."""
        self._console.print()
        self._console.rule(Text(f"{number}  {title}", "bold"), align="left", style="dim")
        if statement:
            self._console.print(Text.assemble(("etl-agent> ", "dim"), (statement, "cyan")), soft_wrap=True)

    def say(self, words: str, style: str = "") -> None:
        """A plain line."""
        self._console.print(Text(words, style), soft_wrap=True)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """The first few rows as the agent received them."""
        shown = [columns, *([cell or "NULL" for cell in row] for row in rows[:SHOWN_ROWS])]
        widths = [max(len(row[n]) for row in shown) for n in range(len(columns))]
        for number, row in enumerate(shown):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.say(f"  {line.rstrip()}", "" if number else "bold")
        if len(rows) > SHOWN_ROWS:
            self.say(f"... and {len(rows) - SHOWN_ROWS:,} more rows", "dim")

    def refused(self, sqlstate: str, sentence: str) -> None:
        """What the agent got instead of an answer."""
        self._console.print(Text.assemble((f"ERROR {sqlstate} ", "bold red"), sentence), soft_wrap=True)

    def held(self, sentence: str, link: str, card: str) -> None:
        """The notice that the agent got, and the card that people see."""
        self._console.print(
            Text.assemble(("NOTICE ", "bold yellow"), sentence, " ", (link, "underline")), soft_wrap=True
        )
        if card:
            self._console.print(Text.from_ansi(card), soft_wrap=True)

    def ask(self, link: str, command: str) -> None:
        """What a person can do now. Without a frame: it gets copied."""
        self._console.print()
        self.say("Your turn, Dana. Approve it in the console:", "bold yellow")
        self.say(f"  {link}")
        self.say("or from another terminal, in this directory:", "bold yellow")
        self.say(f"  {command}")
        self._console.print()

    def verdict(self, step: Step) -> None:
        """Each check, and whether it held."""
        for each in step.checks:
            mark = Text("  ✓ ", "green") if each.holds else Text("  ✗ ", "bold red")
            told = "" if each.holds and each.observed == "yes" else f" ({each.observed})"
            self._console.print(Text.assemble(mark, each.expected, (told, "dim")), soft_wrap=True)
