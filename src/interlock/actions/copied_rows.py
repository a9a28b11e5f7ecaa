"""The rows of a COPY FROM STDIN that people sign for, as cards and templates tell of them: how many, never what."""

from __future__ import annotations

from dataclasses import replace

from interlock.model.payload import SqlStatement
from interlock.model.secret import Secret
from interlock.model.template import MAX_VALUE, Leaf, Template

ROWS = "rows"
"""The kind of the leaf that stands for all the rows."""


def with_rows(template: Template, sent: SqlStatement, rows: int) -> Template:
    """The template with the rows behind it, as a script has them: one leaf, hidden, that tells their number and size.

    A reviewer who may see what a card hides is shown their beginning.
    """
    if sent.copy_data is None:
        return template
    said = f"{rows} {'row' if rows == 1 else 'rows'}, {len(sent.copy_data)} bytes"
    leaf = Leaf(shown=None, kind=ROWS, label=None, length="", mark=said)
    value = Secret(sent.copy_data[: 4 * MAX_VALUE].decode(errors="replace")[:MAX_VALUE])
    code = (*template.code[:-1], template.code[-1] + "\n", "")
    return replace(template, code=code, leaves=(*template.leaves, leaf), values=(*template.values, value))
