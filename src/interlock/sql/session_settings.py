"""SET, RESET and SHOW: which settings are harmless, and what they change. Everything not listed is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from interlock.sql import own_settings
from interlock.sql.effects import Reset, SessionEffect, SetLocal, SetSession
from interlock.sql.shape import Refusal
from interlock.sql.tree import Fields, joined, typed

MEANINGFUL: Final = frozenset({"timezone", "datestyle", "intervalstyle", "extra_float_digits"})
"""Settings that change what a text means or how a value is written: part of an action's digest."""

_DURATION = re.compile(r"-?\d{1,10}\s*(us|ms|s|min|h|d)?")
_BOOLEAN = re.compile(r"on|off|true|false|yes|no|1|0", re.IGNORECASE)

_HARMLESS: Final[Mapping[str, re.Pattern[str]]] = {
    "application_name": re.compile(r"[ -~]{0,63}"),
    "client_encoding": re.compile(r"utf-?8|unicode", re.IGNORECASE),
    "client_min_messages": re.compile(r"debug[1-5]?|log|notice|warning|error", re.IGNORECASE),
    "datestyle": re.compile(r"(iso|mdy|dmy|ymd|us|european)(\s*,\s*(iso|mdy|dmy|ymd|us|european))?", re.IGNORECASE),
    "default_transaction_deferrable": _BOOLEAN,
    "default_transaction_isolation": re.compile(r"serializable|repeatable read|read (un)?committed", re.IGNORECASE),
    "default_transaction_read_only": _BOOLEAN,
    "extra_float_digits": re.compile(r"-?\d{1,2}"),
    "idle_in_transaction_session_timeout": _DURATION,
    "idle_session_timeout": _DURATION,
    "intervalstyle": re.compile(r"postgres|postgres_verbose|sql_standard|iso_8601", re.IGNORECASE),
    "lock_timeout": _DURATION,
    "statement_timeout": _DURATION,
    "timezone": re.compile(r"[A-Za-z0-9_+\-/:.]{1,63}"),
    "transaction_timeout": _DURATION,
}

_SHOWN: Final = frozenset(_HARMLESS) | {
    "bytea_output",
    "in_hot_standby",
    "integer_datetimes",
    "is_superuser",
    "lc_collate",
    "lc_ctype",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "max_identifier_length",
    "max_index_keys",
    "search_path",
    "server_encoding",
    "server_version",
    "server_version_num",
    "session_authorization",
    "standard_conforming_strings",
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
    if name not in _HARMLESS:
        return Refusal("setting", f"the setting {name or 'named'} can't be changed through Interlock")
    if kind in ("VAR_RESET", "VAR_SET_DEFAULT") and not fields.get("is_local"):
        return Reset(name)
    value = joined(fields.get("args", ()))
    if kind != "VAR_SET_VALUE" or value is None or not _HARMLESS[name].fullmatch(value):
        return Refusal("setting", f"the setting {name} can't be given that value through Interlock")
    form = SetLocal if fields.get("is_local") else SetSession
    return form(name, value, name in MEANINGFUL)


def judge_show(fields: Fields) -> Refusal | None:
    """Why a SHOW is refused, if it is."""
    name = str(fields.get("name", "")).lower()
    if name in _SHOWN:
        return None
    return Refusal("setting", "only the settings that clients look at can be shown through Interlock")


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
