"""Arguments of a call held against the tool's own JSON Schema, before anything is decided.

Draft 2020-12 where a schema doesn't say otherwise; the other drafts that there are, where it does. A schema comes from
a server, so it is checked before it is pinned:

    nothing is fetched      a reference leads to a place in the schema itself, or it is refused
    patterns are linear     they run in RE2, and one that RE2 doesn't read (look-around, back references) is refused
    work is bounded         values, depth and steps; beyond that the arguments are refused

A mistake is told by the path of keys that the schema names and by the keyword; never by a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import re2
from jsonschema import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    FormatChecker,
)
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from interlock.errors import MalformedInput, NotUnderstood
from interlock.model import jcs
from interlock.model.jcs import Json

MAX_SCHEMA: Final = 256 * 1024  # bytes
MAX_DEPTH: Final = 24  # of schemas and of arguments; each level of both takes several frames of Python's stack
MAX_STEPS: Final = 200_000  # keywords held against values; some 0.2 s
MAX_PATTERN: Final = 1_000  # characters
PATTERN_MEMORY: Final = 1 << 20  # bytes that RE2 may take for one pattern

_DIALECTS: Mapping[str, Any] = {
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
    "http://json-schema.org/draft-06/schema": Draft6Validator,
    "http://json-schema.org/draft-04/schema": Draft4Validator,
}
_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_AS_DATA: Final = frozenset({"enum", "const", "default", "examples"})
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_UNICODE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u([0-9A-Fa-f]{4})")
_SHOWN: Final = re.compile(r"[\w$ .:-]{1,64}")

Matches = Callable[[str], bool]
Errors = Iterator[ValidationError]


class ArgumentsRefused(NotUnderstood):
    """Arguments that their schema doesn't allow: where, by the keys that the schema names, and by which keyword."""

    code = "arguments"

    def __init__(self, path: str, keyword: str) -> None:
        super().__init__(f"{path} doesn't fit the tool's input schema: {keyword}")
        self.path, self.keyword = path, keyword


@dataclass(slots=True)
class _Steps:
    """What is left for one look."""

    left: int = 0

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise _TooMuch


class _TooMuch(Exception):
    """More work than is done for one call."""


@dataclass(frozen=True, slots=True)
class ArgumentsCheck:
    """One tool's, made by `compiled`. For one thread."""

    _validator: Any
    _steps: _Steps
    _names: frozenset[str] = field(repr=False)

    def check(self, arguments: Mapping[str, Json]) -> None:
        """Raises `ArgumentsRefused` for arguments (as `jcs.read` gives them) that the schema doesn't allow, or that
        can't be held against it within bounds."""
        if _deeper(arguments, MAX_DEPTH):
            raise ArgumentsRefused("arguments", "nested too deep")
        self._steps.left = MAX_STEPS
        try:
            found = next(self._validator.iter_errors(arguments), None)
        except (_TooMuch, RecursionError):
            raise ArgumentsRefused("arguments", "too much to check") from None
        except Exception:  # a reference into nowhere, a keyword of a strange type: closed by default
            raise ArgumentsRefused("arguments", "can't be checked") from None
        if found is not None:
            raise ArgumentsRefused(self._path(found), _keyword(found))

    def _path(self, error: ValidationError) -> str:
        """A key that the schema doesn't name may be a value, so it isn't told."""
        path = "arguments"
        for step in error.absolute_path:
            path += "[]" if isinstance(step, int) else f".{step if step in self._names else '?'}"
        return path


def compiled(schema: Mapping[str, Json]) -> ArgumentsCheck:
    """What holds arguments against a schema; raises `MalformedInput` for one that can't be used safely, saying why.

    Make it once for each digest of a tool: it takes milliseconds.
    """
    text = jcs.encode(schema)
    if len(text) > MAX_SCHEMA:
        raise MalformedInput(f"the input schema has more than {MAX_SCHEMA} bytes")
    plain = json.loads(text)
    patterns: dict[str, Matches] = {}
    keys: set[str] = set()
    _walk(plain, patterns, keys)
    if {"unevaluatedProperties", "patternProperties"} <= keys:
        raise MalformedInput("the input schema has unevaluatedProperties beside patternProperties")
    dialect = _dialect(plain)
    try:
        dialect.check_schema(plain, format_checker=FormatChecker(formats=()))
    except SchemaError as wrong:
        raise MalformedInput(f"the input schema isn't one: {wrong.validator}") from None
    except RecursionError:
        raise MalformedInput("the input schema is nested too deep") from None
    steps = _Steps()
    # Without its "$schema": the library would go back to its own keywords wherever a reference leads to the root.
    rest = {key: value for key, value in plain.items() if key != "$schema"}
    validator = _bounded(dialect, patterns, steps)(rest, registry=Registry())
    return ArgumentsCheck(validator, steps, frozenset(_property_names(plain)))


def _dialect(schema: Mapping[str, Any]) -> Any:
    named = schema.get("$schema", next(iter(_DIALECTS)))
    found = _DIALECTS.get(named.rstrip("#")) if isinstance(named, str) else None
    if found is None:
        raise MalformedInput("the input schema is of a dialect that isn't known here")
    return found


def _walk(schema: Any, patterns: dict[str, Matches], keys: set[str]) -> None:
    """Every place of a schema where a schema may be: collects its patterns and keywords, refuses what isn't safe."""
    stack = [(schema, 0, True)]
    while stack:
        node, depth, is_schema = stack.pop()
        if depth > MAX_DEPTH:
            raise MalformedInput("the input schema is nested too deep")
        if isinstance(node, list):
            stack.extend((member, depth + 1, True) for member in node)
        elif isinstance(node, dict):
            if is_schema:
                keys.update(node)
                _demand_safe(node, depth, patterns)
            stack.extend(
                (member, depth + 1, not (is_schema and key in _NAMED))
                for key, member in node.items()
                if not (is_schema and key in _AS_DATA)
            )


def _demand_safe(node: dict[str, Any], depth: int, patterns: dict[str, Matches]) -> None:
    for reference in _REFERENCES & node.keys():
        if not isinstance(node[reference], str) or not node[reference].startswith("#"):
            raise MalformedInput("the input schema refers to something outside of it, and nothing is fetched")
    if depth and "$schema" in node:
        raise MalformedInput("a part of the input schema is of a dialect of its own")
    named = node.get("patternProperties")
    for pattern in (node.get("pattern"), *(named if isinstance(named, dict) else ())):
        if isinstance(pattern, str) and pattern not in patterns:
            patterns[pattern] = _linear(pattern)


def _linear(pattern: str) -> Matches:
    """A pattern of ECMA-262, as far as RE2 reads it the same way. Raises `MalformedInput`."""
    options = re2.Options()
    options.max_mem, options.log_errors = PATTERN_MEMORY, False
    try:
        if len(pattern) > MAX_PATTERN:
            raise re2.error("too long")
        found = re2.compile(_UNICODE.sub(r"\1\\x{\2}", pattern), options=options)
    except re2.error:
        raise MalformedInput("the input schema has a pattern that can't be matched in linear time") from None
    return lambda text: found.search(text) is not None


def _bounded(dialect: Any, patterns: Mapping[str, Matches], steps: _Steps) -> Any:
    """The dialect with our own patterns, and every keyword counted."""

    def pattern(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        if isinstance(instance, str) and not patterns[value](instance):
            yield ValidationError("pattern")

    def pattern_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        if isinstance(instance, dict):
            for each, inner in value.items():
                for key in instance:
                    steps.take(1)
                    if patterns[each](key):
                        yield from validator.descend(instance[key], inner, path=key, schema_path=each)

    def additional(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        if not isinstance(instance, dict):
            return
        named, matching = schema.get("properties", {}), [patterns[p] for p in schema.get("patternProperties", {})]
        for key in instance:
            steps.take(1 + len(matching))
            if key in named or any(matches(key) for matches in matching):
                continue
            if isinstance(value, dict):
                yield from validator.descend(instance[key], value, path=key)
            elif value is False:
                yield ValidationError("additionalProperties")

    def unique(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        if value and isinstance(instance, list) and len({jcs.encode(each) for each in instance}) < len(instance):
            yield ValidationError("uniqueItems")

    own = {
        "pattern": pattern,
        "patternProperties": pattern_properties,
        "additionalProperties": additional,
        "uniqueItems": unique,
    }
    checks = {name: _counted(check, steps) for name, check in {**dialect.VALIDATORS, **own}.items()}
    return extend(dialect, checks)  # type: ignore[no-untyped-call]


def _counted(check: Any, steps: _Steps) -> Any:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        steps.take(1 + (len(value) if isinstance(value, list) else 0))
        yield from check(validator, value, instance, schema) or ()

    return counted


def _keyword(error: ValidationError) -> str:
    """The keyword, and what a schema's own words say of it."""
    keyword, value = str(error.validator), error.validator_value
    if keyword == "required" and isinstance(value, list) and isinstance(error.instance, Mapping):
        missing = [each for each in value if isinstance(each, str) and each not in error.instance]
        return f"required {', '.join(each for each in missing[:5] if _SHOWN.fullmatch(each))}".rstrip()
    return f"type {value}" if keyword == "type" and isinstance(value, str) and value.isalpha() else keyword


def _property_names(schema: Any) -> Iterator[str]:
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            properties = node.get("properties")
            yield from (name for name in (properties if isinstance(properties, dict) else ()) if _SHOWN.fullmatch(name))
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _deeper(value: Json, most: int) -> bool:
    stack: list[tuple[Json, int]] = [(value, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > most:
            return True
        if isinstance(node, Mapping):
            stack.extend((member, depth + 1) for member in node.values())
        elif isinstance(node, list | tuple):
            stack.extend((member, depth + 1) for member in node)
    return False
