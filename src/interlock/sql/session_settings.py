"""SET, RESET and SHOW: which settings are harmless, and what they change. Everything not listed is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.sql import own_settings
from interlock.sql.effects import Reset, SearchPath, SessionEffect, SetLocal, SetSession, ShowOurs
from interlock.sql.search_path import elements_of, plain_schemas
from interlock.sql.shape import Refusal
from interlock.sql.tree import Fields, constant, joined, typed

MEANINGFUL: Final = frozenset({"timezone", "datestyle", "intervalstyle", "extra_float_digits"})
"""Settings that change what a text means or how a value is written: part of an action's digest."""

_DURATION = re.compile(r"-?\d{1,10}\s*(us|ms|s|min|h|d)?")
_SETTING = re.compile(r"[a-z_]{1,63}(\.[a-z_]{1,63})?")
_BOOLEAN = re.compile(r"on|off|true|false|yes|no|1|0", re.IGNORECASE)

_HARMLESS: Final[Mapping[str, re.Pattern[str]]] = {
    "application_name": re.compile(r"[ -~]{0,63}"),
    "bytea_output": re.compile(r"hex", re.IGNORECASE),
    "check_function_bodies": _BOOLEAN,
    "client_encoding": re.compile(r"utf-?8|unicode", re.IGNORECASE),
    "client_min_messages": re.compile(r"debug[1-5]?|log|notice|warning|error", re.IGNORECASE),
    "datestyle": re.compile(r"(iso|mdy|dmy|ymd|us|european)(\s*,\s*(iso|mdy|dmy|ymd|us|european))?", re.IGNORECASE),
    "default_table_access_method": re.compile(r"heap"),
    "default_tablespace": re.compile(r""),
    "default_transaction_deferrable": _BOOLEAN,
    "default_transaction_isolation": re.compile(r"serializable|repeatable read|read (un)?committed", re.IGNORECASE),
    "default_transaction_read_only": _BOOLEAN,
    "default_with_oids": re.compile(r"off|false|no|0", re.IGNORECASE),  # gone from the server; old dumps set it
    "extra_float_digits": re.compile(r"-?\d{1,2}"),
    "idle_in_transaction_session_timeout": _DURATION,
    "idle_session_timeout": _DURATION,
    "intervalstyle": re.compile(r"postgres|postgres_verbose|sql_standard|iso_8601", re.IGNORECASE),
    "jit": _BOOLEAN,
    "lock_timeout": _DURATION,
    "quote_all_identifiers": _BOOLEAN,
    "restrict_nonsystem_relation_kind": re.compile(r"view|foreign-table|view\s*,\s*foreign-table"),
    "standard_conforming_strings": re.compile(r"on|true|yes|1", re.IGNORECASE),
    "statement_timeout": _DURATION,
    "synchronize_seqscans": _BOOLEAN,
    "timezone": re.compile(r"[A-Za-z0-9_+\-/:.]{1,63}"),
    "transaction_timeout": _DURATION,
    "xmloption": re.compile(r"content", re.IGNORECASE),
}

# What the door judges texts by, and so asks the server about anew. With row_security off the server raises an error
# where it would have filtered.
_ASKED_ANEW: Final = frozenset({"search_path", "row_security"})

_SHOWN: Final = frozenset(_HARMLESS) | {
    "array_nulls",
    "backslash_quote",
    "block_size",
    "default_text_search_config",
    "in_hot_standby",
    "integer_datetimes",
    "is_superuser",
    "lc_collate",
    "lc_ctype",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "max_connections",
    "max_function_args",
    "max_identifier_length",
    "max_index_keys",
    "role",
    "row_security",
    "scram_iterations",
    "search_path",
    "server_encoding",
    "server_version",
    "server_version_num",
    "session_authorization",
    "ssl",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
}

_MULTI: Final = frozenset({"transaction_isolation", "transaction_read_only", "transaction_deferrable"})


def judge_set(fields: Fields) -> SessionEffect | Refusal | None:
    """What a SET or RESET changes; None for transaction characteristics, which the session needn't follow."""
    kind, name = str(fields.get("kind")), str(fields.get("name", "")).lower()
    if kind == "VAR_RESET_ALL":
        return Reset(None)
    if kind == "VAR_SET_MULTI":
        return _multi(fields, name)
    if name.startswith("interlock."):
        return own_settings.judge(fields, kind, name)
    if name not in _HARMLESS and name not in _ASKED_ANEW:
        return Refusal("setting", f"the setting {name or 'named'} can't be changed through Interlock")
    local = bool(fields.get("is_local"))
    if kind in ("VAR_RESET", "VAR_SET_DEFAULT") and name in _ASKED_ANEW:
        return SearchPath()
    if kind in ("VAR_RESET", "VAR_SET_DEFAULT") and not local:
        return Reset(name)
    given = fields.get("args", ())
    if kind == "VAR_SET_VALUE" and name == "search_path":
        return _path([constant(item) for item in given])
    value = joined(given)
    return _unfit(name) if kind != "VAR_SET_VALUE" or value is None else assign(name, value, local=local)


def assign(name: str, value: str, *, local: bool) -> SessionEffect | Refusal:
    """What giving a setting of the server's this value changes; `name` in lower case, `value` as one text."""
    if name == "search_path":
        elements = elements_of(value)
        return _unfit(name) if elements is None else _path(elements)
    if name == "row_security":
        return SearchPath() if _BOOLEAN.fullmatch(value) else _unfit(name)
    if name.startswith("interlock."):
        return Refusal("setting", f"{name if name.isascii() else 'that setting'} is Interlock's own: use SET")
    if name not in _HARMLESS:
        return Refusal("setting", f"the setting {_named(name)} can't be changed through Interlock")
    if not _HARMLESS[name].fullmatch(value):
        return _unfit(name)
    form = SetLocal if local else SetSession
    return form(name, value, name in MEANINGFUL)


def _path(elements: Sequence[str | None]) -> SessionEffect | Refusal:
    known = [element for element in elements if element is not None]
    return SearchPath() if len(known) == len(elements) and plain_schemas(known) else _unfit("search_path")


def _named(name: str) -> str:
    """A setting's name where it came as a value; what doesn't look like one stays unsaid."""
    return name if _SETTING.fullmatch(name) else "named"


def _unfit(name: str) -> Refusal:
    return Refusal("setting", f"the setting {name} can't be given that value through Interlock")


def judge_show(fields: Fields) -> ShowOurs | Refusal | None:
    """What a SHOW of ours asks for, or why a SHOW is refused; None for one that the server answers."""
    name = str(fields.get("name", "")).lower()
    if name.startswith("interlock."):
        return own_settings.judge_show(name)
    if name == "application_name":  # the server's names the actor as well
        return ShowOurs(name)
    if may_show(name):
        return None
    return Refusal("setting", "only the settings that clients look at can be shown through Interlock")


def may_show(name: str) -> bool:
    """Whether a setting of the server's is one that clients look at."""
    return name.lower() in _SHOWN


def transaction_options(items: Any) -> Refusal | None:
    """Why the options of BEGIN or SET TRANSACTION are refused, if they are."""
    for item in items or ():
        if str(typed(item)[1].get("defname")) not in _MULTI:
            return Refusal("setting", "that transaction option isn't let through")
    return None


def _multi(fields: Fields, name: str) -> Refusal | None:
    if name not in ("transaction", "session characteristics"):
        return Refusal("not_built", "SET TRANSACTION SNAPSHOT isn't built yet")
    return transaction_options(fields.get("args"))
