"""Masked results that still are what the tool's output schema says: typed stand-ins where a mask doesn't fit.

Clients check: the SDKs' (Python, TypeScript) raise where `structuredContent` is missing or isn't valid, unless the
result is an error (MCP 2025-11-25, "Output Schema"). A stand-in is the same for all values: it tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from re import _parser  # the standard library's reader of expressions
from typing import Any, Final

import re2
from jsonschema import Draft202012Validator, SchemaError
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from interlock.masking.json_values import Path
from interlock.masking.tokens import own_tokens

ROUNDS: Final = 4  # of finding what isn't valid and putting a stand-in there
MOST_ERRORS: Final = 2_000
MOST_BRANCHES: Final = 16
MOST_NESTED: Final = 8
LONGEST: Final = 4096  # characters of a stand-in

_QUIET: Final = re2.Options()
_QUIET.log_errors = False

FORMATS: Final[Mapping[str, str]] = {
    "date": "1900-01-01",
    "date-time": "1900-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P0D",
    "email": "masked@invalid",
    "idn-email": "masked@invalid",
    "hostname": "invalid",
    "idn-hostname": "invalid",
    "ipv4": "0.0.0.0",  # noqa: S104  stands for no address
    "ipv6": "::",
    "uri": "about:blank",
    "uri-reference": "about:blank",
    "iri": "about:blank",
    "iri-reference": "about:blank",
    "url": "about:blank",
    "uri-template": "masked",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "json-pointer": "",
    "relative-json-pointer": "0",
    "regex": "",
    "byte": "",
}
"""Values of formats that clients check (JSON Schema 2020-12 Validation, section 7.3; OpenAPI's `byte`, `url`)."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """`value` is valid as far as masking had to do with it. `stand_ins`: whether some were needed."""

    value: Any
    stand_ins: bool = False


def fitted(value: Any, changed: Collection[Path], schema: Mapping[str, Any]) -> Fitted | None:
    """The masked value with stand-ins where it isn't valid any more at `changed` places; None where none can be.

    What a server itself sent amiss elsewhere stays so: its clients are told as they would be without us. A schema that
    can't be used, such as one with references to elsewhere, tells nothing: nothing is fetched.
    """
    if not changed:
        return Fitted(value)
    try:
        kind = validator_for(schema, default=Draft202012Validator)
        kind.check_schema(dict(schema))
        checking = extend(kind, {"pattern": _pattern, "format": _format})  # type: ignore[no-untyped-call]
        validator: Validator = checking(schema, registry=Registry())
        return _repaired(value, frozenset(changed), validator)
    except (SchemaError, Unresolvable, RecursionError):
        return Fitted(value)


def _repaired(value: Any, changed: frozenset[Path], validator: Validator) -> Fitted | None:
    whole, made = value, False
    for _ in range(ROUNDS):
        wrong = list(_ours(whole, changed, validator))
        if not wrong:
            return Fitted(whole, made)
        for path, error in wrong:
            held = validator.evolve(schema=error.schema)
            for place, trial in _trials(whole, path, error, changed, validator):
                if held.is_valid(_at(trial, path)):
                    whole, made, changed = trial, True, changed | {place}
                    break
            else:
                return None
    return None if any(_ours(whole, changed, validator)) else Fitted(whole, made)


def _ours(value: Any, changed: frozenset[Path], validator: Validator) -> Iterator[tuple[Path, ValidationError]]:
    """The first thing that is wrong with each changed value, or with what holds one."""
    above = {path[:end] for path in changed for end in range(len(path))}
    done: set[Path] = set()
    for number, error in enumerate(validator.iter_errors(value)):
        path: Path = tuple(error.absolute_path)
        if path not in done and (path in above or any(path[:end] in changed for end in range(len(path) + 1))):
            done.add(path)
            yield path, error
        if number >= MOST_ERRORS:
            return


def _trials(
    whole: Any, path: Path, error: ValidationError, changed: frozenset[Path], validator: Validator
) -> Iterator[tuple[Path, Any]]:
    """The value with something else at a changed place beneath, or in place of all that lies there."""
    for inner in sorted(error.context or (), key=lambda each: -len(each.absolute_path))[:MOST_BRANCHES]:
        place: Path = tuple(inner.absolute_path)
        if place in changed and len(place) > len(path):
            for candidate in _candidates(inner, validator, _at(whole, place)):
                yield place, _placed(whole, place, candidate)
    for candidate in _candidates(error, validator, _at(whole, path)):
        yield path, _placed(whole, path, candidate)


def _candidates(error: ValidationError, validator: Validator, now: Any) -> Iterator[Any]:
    """What might be valid there, the least telling first."""
    if error.validator == "uniqueItems" and isinstance(now, list):
        yield _unlike(now)
    if isinstance(error.schema, Mapping):
        yield from stand_ins(error.schema, validator)


def _unlike(members: list[Any]) -> list[Any]:
    unlike: list[Any] = []
    for each in members:
        if each not in unlike:
            unlike.append(each)
    return unlike


def stand_ins(schema: Any, validator: Validator, depth: int = 0) -> Iterator[Any]:
    """Values for a schema, not all of them valid; the same whatever was masked."""
    if depth > MOST_NESTED or not isinstance(schema, Mapping):
        if schema is True:
            yield None
        return
    if "const" in schema:
        yield schema["const"]
    if isinstance(enum := schema.get("enum"), list) and enum:
        yield None if None in enum else enum[0]
    kinds = schema.get("type")
    for kind in sorted(kinds if isinstance(kinds, list) else [kinds], key=lambda kind: kind != "null"):
        yield from _of_kind(kind, schema, validator, depth)
    for key in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(key)
        for branch in branches[:MOST_BRANCHES] if isinstance(branches, list) else ():
            yield from stand_ins(branch, validator, depth + 1)
    if isinstance(target := schema.get("$ref"), str):
        yield from stand_ins(_referred(validator.schema, target), validator, depth + 1)
    if kinds is None:
        yield from (None, "", 0, False, {}, [])


def _of_kind(kind: Any, schema: Mapping[str, Any], validator: Validator, depth: int) -> Iterator[Any]:
    match kind:
        case "null":
            yield None
        case "boolean":
            yield False
        case "integer" | "number":
            yield from _numbers(schema, whole=kind == "integer")
        case "string":
            yield from _texts(schema)
        case "array":
            yield from _arrays(schema, validator, depth)
        case "object":
            yield from _objects(schema, validator, depth)


def _numbers(schema: Mapping[str, Any], *, whole: bool) -> Iterator[int | float]:
    yield 0
    step = schema.get("multipleOf", 1)
    for key, by in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        bound = schema.get(key)
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            yield bound + by
            yield bound + by * (0 if whole else 0.5)
            if isinstance(step, int | float) and step > 0 and abs(bound) < 2**53:
                nearest = bound // step * step
                yield from (nearest, nearest + step, nearest - step)
    yield from (1, -1)


def _texts(schema: Mapping[str, Any]) -> Iterator[str]:
    if (known := FORMATS.get(str(schema.get("format")))) is not None:
        yield known
    if isinstance(pattern := schema.get("pattern"), str):
        shortest = _of_pattern(pattern)
        least = schema.get("minLength", 0)
        if shortest is not None:
            yield shortest
            if isinstance(least, int) and shortest and len(shortest) < least <= LONGEST:
                yield shortest + shortest[-1] * (least - len(shortest))
    yield "masked"
    least = schema.get("minLength", 0)
    if isinstance(least, int) and 0 < least <= LONGEST:
        yield from ("x" * least, "0" * least)
    yield from ("", "x", "0")


def _arrays(schema: Mapping[str, Any], validator: Validator, depth: int) -> Iterator[list[Any]]:
    yield []
    least = schema.get("minItems", 0)
    if isinstance(least, int) and 0 < least <= MOST_BRANCHES:
        member = next(_valid(schema.get("items", True), validator, depth), None)
        yield [member] * least


def _objects(schema: Mapping[str, Any], validator: Validator, depth: int) -> Iterator[dict[str, Any]]:
    yield {}
    required, properties = schema.get("required", ()), schema.get("properties", {})
    made: dict[str, Any] = {}
    for name in required if isinstance(required, list) and isinstance(properties, Mapping) else ():
        for value in _valid(properties.get(name, True), validator, depth):
            made[name] = value
            break
    yield made


def _valid(schema: Any, validator: Validator, depth: int) -> Iterator[Any]:
    held = validator.evolve(schema=schema)
    yield from (each for each in stand_ins(schema, validator, depth + 1) if held.is_valid(each))


def _referred(root: Any, target: str) -> Any:
    """What a reference within the schema refers to (RFC 6901); None where nothing does."""
    node = root
    for step in target.removeprefix("#").split("/")[1:] if target.startswith("#") else [""]:
        name = step.replace("~1", "/").replace("~0", "~")
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _placed(value: Any, path: Path, new: Any) -> Any:
    """The value with another one there; what isn't touched is shared."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, step: _placed(value[step], rest, new)}
    return [_placed(each, rest, new) if at == step else each for at, each in enumerate(value)]


# -- keywords that are checked otherwise than jsonschema does --------------------------------------------------------


def _pattern(validator: Validator, pattern: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """In linear time, whatever the expression; one that can't be read so may mean anything."""
    if not validator.is_type(instance, "string"):
        return
    try:
        fits = re2.search(pattern, instance, options=_QUIET) is not None
    except re2.error:
        fits = instance == _of_pattern(pattern)
    if not fits:
        yield ValidationError("a text doesn't have the form that it should have")


def _format(validator: Validator, format: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """A mask is of no format; of all other texts their server is to blame."""
    if isinstance(instance, str) and format in FORMATS and next(own_tokens(instance), None) is not None:
        yield ValidationError("a mask isn't of the format that the text should have")


# -- the shortest text of a pattern ----------------------------------------------------------------------------------


def _of_pattern(pattern: str) -> str | None:
    """A short text that fits; None where none was found."""
    try:
        text = "".join(_written(_parser.parse(pattern), MOST_NESTED))
        return text if len(text) <= LONGEST else None
    except (re.error, RecursionError, OverflowError, ValueError):
        return None


def _written(parsed: Any, depth: int) -> Iterator[str]:
    if depth < 0:
        raise ValueError
    for operation, argument in parsed:
        match str(operation):
            case "LITERAL":
                yield chr(argument)
            case "NOT_LITERAL":
                yield "x" if argument != ord("x") else "y"
            case "ANY":
                yield "x"
            case "IN":
                yield _member(argument)
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, _, inner = argument
                one = "".join(_written(inner, depth - 1))
                if least * len(one) > LONGEST:
                    raise ValueError
                yield one * least
            case "SUBPATTERN":
                yield from _written(argument[-1], depth - 1)
            case "BRANCH":
                yield from _written(argument[1][0], depth - 1)
            case "AT":
                continue
            case _:
                raise ValueError


_CATEGORIES: Final = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "x", "CATEGORY_SPACE": " ", "CATEGORY_NOT_DIGIT": "x"}


def _member(among: Any) -> str:
    operation, argument = among[0]
    match str(operation):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(argument[0])
        case "CATEGORY":
            return _CATEGORIES.get(str(argument), "-")
        case "NEGATE":
            taken = {str(each) for each in among[1:]}
            ranges = [(a, a) if str(op) == "LITERAL" else a for op, a in among[1:] if str(op) in ("LITERAL", "RANGE")]
            for each in "x0 -_/A":
                if not any(low <= ord(each) <= high for low, high in ranges) and not taken & {"CATEGORY_WORD"}:
                    return each
            raise ValueError
        case _:
            raise ValueError
