"""What a run says while it works, apart from its table."""

from __future__ import annotations

import sys


def say(sentence: str) -> None:
    """One line on standard error."""
    print(sentence, file=sys.stderr, flush=True)
