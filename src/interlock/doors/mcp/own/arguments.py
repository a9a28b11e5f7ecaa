"""Arguments held against the schemas that clients are shown; what is wrong is told without the value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from interlock.doors.mcp.own.definitions import SCHEMAS

_NAMED: Final = frozenset({"type", "enum", "minLength", "maxLength", "minimum", "maximum", "pattern"})


class BadArguments(Exception):
    """The arguments aren't what the tool takes; the text is safe to show."""


def checked(tool: str, arguments: object) -> Mapping[str, Any]:
    """The arguments, as JSON has them; raises `BadArguments`."""
    if not isinstance(arguments, Mapping):
        raise BadArguments("The arguments must be an object.")
    if any(not _is_text(each) for each in (*arguments.keys(), *arguments.values())):
        raise BadArguments("Texts must be Unicode without NUL.")
    for error in _validator(tool).iter_errors(dict(arguments)):
        raise BadArguments(_told(tool, error))
    return arguments


def whole(value: int | float) -> int:
    """A number that the schema takes for an integer: JSON has 5.0 for 5 (JSON Schema 2020-12, section 4.2.3)."""
    return int(value)


@cache
def _validator(tool: str) -> Draft202012Validator:
    return Draft202012Validator(dict(SCHEMAS[tool]))


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\0" not in value


def _told(tool: str, error: ValidationError) -> str:
    """The rule that was broken, of ours, and where; nothing of what was sent."""
    takes = ", ".join(SCHEMAS[tool]["properties"]) or "nothing"
    rule = str(error.validator)
    if rule == "required":
        needed = ", ".join(str(name) for name in SCHEMAS[tool]["required"])
        return f"{tool} needs {needed}."
    if rule not in _NAMED or not error.absolute_path:
        return f"{tool} takes {takes}."
    return f"{error.absolute_path[0]}: {rule} must be {_shown(error.validator_value)}."


def _shown(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)
