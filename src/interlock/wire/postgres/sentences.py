"""Our own sentences for a server's errors, by SQLSTATE.

A server's message texts quote stored values (`Key (ssn)=(...) already exists`) and so are never passed on; what a
client gets is the code and a sentence from here. Even the code is passed on only if it is one of PostgreSQL's own,
since `RAISE ... USING ERRCODE` lets a function choose any five characters.
Source: PostgreSQL 18 documentation, appendix A, "PostgreSQL Error Codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INTERNAL_ERROR = "XX000"

# Class -> the codes of that class, without their first two characters.
_CODES: Mapping[str, str] = MappingProxyType(
    {
        "00": "000",
        "01": "000 003 004 006 007 008 00C P01",
        "02": "000 001",
        "03": "000",
        "08": "000 001 003 004 006 007 P01",
        "09": "000",
        "0A": "000",
        "0B": "000",
        "0F": "000 001",
        "0L": "000 P01",
        "0P": "000",
        "0Z": "000 002",
        "10": "608",
        "20": "000",
        "21": "000",
        "22": (
            "000 001 002 003 004 005 007 008 009 00B 00C 00D 00F 00G 00H 00L 00M 00N 00S 00T 010 011 012 013 "
            "014 015 016 018 019 01B 01E 01F 01G 01W 01X 021 022 023 024 025 026 027 02E 02G 02H 030 031 032 "
            "033 034 035 036 037 038 039 03A 03B 03C 03D 03E 03F 03G P01 P02 P03 P04 P05 P06"
        ),
        "23": "000 001 502 503 505 514 P01",
        "24": "000",
        "25": "000 001 002 003 004 005 006 007 008 P01 P02 P03 P04",
        "26": "000",
        "27": "000",
        "28": "000 P01",
        "2B": "000 P01",
        "2D": "000",
        "2F": "000 002 003 004 005",
        "34": "000",
        "38": "000 001 002 003 004",
        "39": "000 001 004 P01 P02 P03",
        "3B": "000 001",
        "3D": "000",
        "3F": "000",
        "40": "000 001 002 003 P01",
        "42": (
            "000 501 601 602 611 622 701 702 703 704 710 712 723 725 803 804 809 830 846 883 8C9 939 P01 P02 "
            "P03 P04 P05 P06 P07 P08 P09 P10 P11 P12 P13 P14 P15 P16 P17 P18 P19 P20 P21 P22"
        ),
        "44": "000",
        "53": "000 100 200 300 400",
        "54": "000 001 011 023",
        "55": "000 006 P02 P03 P04",
        "57": "000 014 P01 P02 P03 P04 P05",
        "58": "000 030 P01 P02 P03",
        "F0": "000 001",
        "HV": (
            "000 001 002 004 005 006 007 008 009 00A 00B 00C 00D 00J 00K 00L 00M 00N 00P 00Q 00R 010 014 021 "
            "024 090 091"
        ),
        "P0": "000 001 002 003 004",
        "XX": "000 001 002",
    }
)
_KNOWN = frozenset(group + rest for group, codes in _CODES.items() for rest in codes.split())

_BY_CLASS: Mapping[str, str] = MappingProxyType(
    {
        "00": "The server reports success.",
        "01": "The server warns about this statement.",
        "02": "The statement found no data.",
        "03": "The statement isn't complete yet.",
        "08": "The connection to the server failed.",
        "09": "A triggered action failed.",
        "0A": "The server doesn't support this.",
        "0B": "A transaction can't be started here.",
        "0F": "A locator isn't valid.",
        "0L": "The grantor isn't valid.",
        "0P": "The role isn't valid here.",
        "0Z": "Diagnostics were asked for where there are none.",
        "10": "An XQuery expression isn't valid.",
        "20": "No branch of a CASE matched.",
        "21": "A row or column count doesn't fit the statement.",
        "22": "A value can't be used in this way.",
        "23": "The change would break a constraint.",
        "24": "The cursor isn't in a state for this.",
        "25": "The transaction isn't in a state for this.",
        "26": "There is no prepared statement of this name.",
        "27": "The data was changed by a trigger of the same statement.",
        "28": "The server didn't accept the credentials.",
        "2B": "Privileges still depend on this.",
        "2D": "The transaction can't be ended here.",
        "2F": "An SQL routine failed.",
        "34": "There is no cursor or portal of this name.",
        "38": "An external routine failed.",
        "39": "An external routine couldn't be called.",
        "3B": "The savepoint isn't valid.",
        "3D": "There is no database of this name.",
        "3F": "There is no schema of this name.",
        "40": "The transaction was rolled back.",
        "42": "The statement isn't valid, or not allowed.",
        "44": "The change would break a view's check option.",
        "53": "The server is short of resources.",
        "54": "The statement goes beyond a limit of the server.",
        "55": "The object isn't in a state for this.",
        "57": "The server was told to interrupt this.",
        "58": "The server met an error of its system.",
        "F0": "The server's configuration file has an error.",
        "HV": "A foreign data wrapper failed.",
        "P0": "A function reported an error.",
        "XX": "The server met an internal error.",
    }
)

_BY_CODE: Mapping[str, str] = MappingProxyType(
    {
        "08P01": "A message breaks the protocol.",
        "21000": "A subquery used as an expression gave more than one row.",
        "22001": "A value is too long for its column.",
        "22003": "A number is out of its type's range.",
        "22007": "A value isn't a valid date or time.",
        "22008": "A date or time is out of its type's range.",
        "22012": "Division by zero.",
        "22023": "A parameter's value isn't valid.",
        "22P02": "A value isn't valid text for its type.",
        "22P03": "A value isn't a valid binary form of its type.",
        "23502": "The change would leave a required column empty (not-null constraint).",
        "23503": "The change would break a foreign key.",
        "23505": "The change would make a duplicate where values must be unique.",
        "23514": "The change would break a check constraint.",
        "23P01": "The change would break an exclusion constraint.",
        "25001": "This can't run inside a transaction.",
        "25006": "This can't run in a read-only transaction.",
        "25P01": "There is no transaction in progress.",
        "25P02": "The transaction has failed; commands are ignored until it ends.",
        "25P03": "The session was idle in a transaction for too long.",
        "40001": "The transaction couldn't be serialized with others; run it again.",
        "40P01": "A deadlock was found; run the transaction again.",
        "42501": "The role isn't allowed to do this.",
        "42601": "The statement has a syntax error.",
        "42701": "A column is named twice.",
        "42702": "A column's name is ambiguous.",
        "42703": "There is no column of that name.",
        "42704": "There is no object of that name.",
        "42710": "An object of that name exists already.",
        "42803": "A column must be grouped or aggregated.",
        "42804": "The types of two expressions don't fit each other.",
        "42846": "A value can't be converted to that type.",
        "42883": "There is no function or operator for these types.",
        "42P01": "There is no table or view of that name.",
        "42P02": "A parameter isn't given.",
        "42P05": "A prepared statement of this name exists already.",
        "42P07": "A table or view of that name exists already.",
        "42P18": "The type of a parameter can't be told.",
        "53100": "The server's disk is full.",
        "53200": "The server is out of memory.",
        "53300": "The server has too many connections.",
        "55006": "The object is in use.",
        "55P03": "A lock isn't available.",
        "57014": "The statement was cancelled.",
        "57P01": "The server is shutting down.",
        "57P02": "The server stopped after a crash.",
        "57P03": "The server can't take connections now.",
        "57P05": "The session was idle for too long.",
    }
)

_UNKNOWN = "The server reports an error."


def known_sqlstate(sqlstate: str) -> str:
    """`sqlstate` if it is one of PostgreSQL's own codes, else XX000: the only form in which it may be passed on."""
    return sqlstate if sqlstate in _KNOWN else INTERNAL_ERROR


def sentence_for(sqlstate: str) -> str:
    """Our sentence for this SQLSTATE: a precise one for common codes, else its class's. Never fails."""
    return _BY_CODE.get(sqlstate) or _BY_CLASS.get(sqlstate[:2], _UNKNOWN)
