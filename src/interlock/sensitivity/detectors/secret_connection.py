"""Connection strings and addresses with a password in them (RFC 3986, section 3.2.1)."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.placeholders import is_nothing, is_reference

_LABEL: Final = Label("secret.connection")
_PARTS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?P<user>[^:@/\s]{0,200}):(?P<password>.{1,200})@", re.DOTALL)
_PORT: Final = re.compile(r"[0-9]{1,5}/")
_ENDS: Final = re.compile(r"[\"'`|)\]}>]")


def _address(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    parts = _PARTS.match(text)
    if parts is None or is_reference(parts["password"]) or parts["password"].strip("*xX.") == "":
        return None
    if _PORT.match(parts["password"]):  # `https://host:8443/@scope` has a port and no password
        return None
    ends = _ENDS.search(text, parts.end())
    end = len(text) if ends is None else ends.start()
    comma = text.find(",", parts.end(), end)  # between hosts of a cluster, or before the next thing of a list
    if comma >= 0 and not text.lower().startswith(("mongodb", "redis", "amqp", "kafka")):
        end = comma
    end = len(text[:end].rstrip(".,;:"))
    return Verdict(0.97, "an address with a password", 0, max(end, parts.end()))


_PASSWORD: Final = re.compile(r"(?i); ?(?:password|pwd) ?=([^;\n\"']{3,})")


def _pairs(candidate: Candidate) -> Verdict | None:
    told = _PASSWORD.search(candidate.matched)
    if told is None or is_reference(told[1]) or told[1].strip("*xX.") == "" or is_nothing(told[1]):
        return None
    return Verdict(0.97, "a connection string with a password")


def _password_file(candidate: Candidate) -> Verdict | None:
    start = candidate.matched.rindex(":") + 1
    _, _, database, user, _ = candidate.matched.split(":", 4)
    if is_reference(candidate.matched[start:]) or database.isdigit() or user.isdigit():
        return None
    return Verdict(0.9, "a line of a password file", start)


def _oracle(candidate: Candidate) -> Verdict | None:
    start = candidate.matched.index("/") + 1
    return Verdict(0.9, "a password before an Oracle address", start, candidate.matched.index("@"))


DETECTOR = Structured(
    "secret_connection",
    (
        Pattern(
            "connection.address",
            # What a password may hold of `/` and `:` people forget to escape; up to the last @ of the run.
            r"[a-z][a-z0-9+]{1,}://[A-Za-z0-9._~%!$&+*=-]{0,}:[!#-&(-;=?-~\x80-\xff]{1,}@[A-Za-z0-9._\[\]-]{1,}[!#-;=?-~\x80-\xff]{0,}",
            _LABEL,
            0.97,
            Beside.WORD,
            _address,
            ignore_case=True,
            longest=512,
        ),
        Pattern(
            # What ADO.NET, ODBC and JDBC take: `Server=db1;Database=ehr;User ID=svc;Password=...;Encrypt=True`.
            "connection.pairs",
            r"(server|data source|host|addr|address|endpoint|provider|driver|dsn|accountendpoint|network"
            r" address|initial catalog)"
            r" ?=[^;\n\"']{1,}(;[a-z ]{2,}=[^;\n\"']{0,}){0,}; ?(password|pwd)"
            r" ?=[^;\n\"']{3,}(;[a-z ]{2,}=[^;\n\"']{0,}){0,};?",
            _LABEL,
            0.97,
            Beside.WORD,
            _pairs,
            ignore_case=True,
            longest=512,
        ),
        Pattern(
            # A line of PostgreSQL's password file: host:port:database:user:password.
            "connection.password_file",
            r"[A-Za-z0-9*._-]{1,}:(54[0-9]{2}|6432|\*):[A-Za-z0-9*_.-]{1,}:[A-Za-z0-9*_.@-]{1,}:[!-9;-~]{3,}",
            _LABEL,
            0.9,
            Beside.WORD,
            _password_file,
        ),
        Pattern(
            "connection.oracle",
            r"oracle:(thin|oci):[A-Za-z0-9_$#]{1,}/[!-.0-?A-~]{1,}@",
            _LABEL,
            0.9,
            Beside.NOTHING,
            _oracle,
            ignore_case=True,
        ),
    ),
    "connection strings and web addresses with a password",
)
