"""The command line: one file a verb. `verbs.py` lists them."""

from __future__ import annotations

import sys

from interlock.cli.verbs import listed
from interlock.errors import InterlockError, Mistakes

app = listed("interlock", "An interlock between AI agents and the systems they act on.")


def main() -> None:
    """Runs the command line; what we refuse ends with one sentence and exit code 2, never a traceback."""
    try:
        app()
    except Mistakes as error:
        for mistake in error.mistakes:
            print(mistake, file=sys.stderr)
        sys.exit(2)
    except InterlockError as error:
        print(f"interlock: {error.sentence}", file=sys.stderr)
        sys.exit(2)
