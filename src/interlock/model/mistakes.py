"""Where a mistake of ours happened, for logs: never its message, nor what was in variables then."""

from __future__ import annotations

import traceback
from typing import Final

_FRAMES: Final = 4


def place_of_mistake(error: BaseException) -> str:
    """The innermost calls, outermost first: module, function and line."""
    frames = list(traceback.walk_tb(error.__traceback__))[-_FRAMES:]
    return " > ".join(f"{f.f_globals.get('__name__', '?')}:{f.f_code.co_name}:{line}" for f, line in frames)
