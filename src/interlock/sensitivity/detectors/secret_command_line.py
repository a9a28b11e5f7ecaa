"""Passwords on command lines: `--password x`, `mysql -px`, `curl -u user:x`, `sshpass -p x`, `redis-cli -a x`."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.placeholders import is_nothing, is_reference

_LABEL: Final = Label("secret.password")
_LONG: Final = re.compile(r"(?i)^--?[a-z-]+[ \t]+[\"']?")
_SHORT: Final = re.compile(
    r"(?:\b(?:mysql\w*|mariadb[\w-]*|mongo\w*|sshpass|sqlcmd|bcp|login|mongosh|ldap\w+|smbclient|impdp|expdp|xfreerdp|wmic|net|"
    r"7z|zip|unzip|redis-cli|keytool|openssl|htpasswd|psexec|rabbitmqctl)\b.*?)"
    r"[ \t](?:-p|-w|-a|-P|/p:|-passin pass:|-passout pass:)[ \t]?[\"']?(?=[^\s-])",
    re.IGNORECASE,
)
_NUMERIC_OPTION: Final = re.compile(r"[0-9]{1,5}")
_USER: Final = re.compile(r"(?:-u|--user|--proxy-user|-U)[= \t]?[ \t]*[\"']?[^\s:\"']*:")


def _long_option(candidate: Candidate) -> Verdict | None:
    head = _LONG.match(candidate.matched)
    return None if head is None else _told(candidate.matched, head.end())


def _short_option(candidate: Candidate) -> Verdict | None:
    head = _SHORT.match(candidate.matched)
    if head is None:
        return None
    value = re.match(r"[^\s\"']+", candidate.matched[head.end() :])
    if value is None or (_NUMERIC_OPTION.fullmatch(value[0]) and not _takes_numbers(candidate.matched)):
        return None
    return _told(candidate.matched[: head.end() + value.end()], head.end())


def _takes_numbers(command: str) -> bool:
    """`-p 22` is a port for many programs; for these it is a password."""
    return command.lower().startswith(("mysql", "mariadb", "sshpass"))


def _user_and_password(candidate: Candidate) -> Verdict | None:
    head = _USER.match(candidate.matched)
    if head is None or candidate.matched[head.end() :].isdigit():
        return None
    return _told(candidate.matched, head.end())


def _told(text: str, start: int) -> Verdict | None:
    value = text[start:].rstrip("\"'`;)")
    if len(value) < 3 or is_nothing(value) or is_reference(value) or value.startswith("-"):
        return None
    return Verdict(0.9, "a password of a command", start, start + len(value))


DETECTOR = Structured(
    "secret_command_line",
    (
        Pattern(
            "command_line.long",
            r"--?(password|passwd|passphrase|pass|pwd|db-password|root-password|token|api-key|apikey|api-token|access-token|"
            r"auth-token|secret|client-secret|secret-key|access-key|secret-access-key|storepass|keypass|"
            r"requirepass|masterauth)[ \t]{1,}"
            r"(\"[^\"\n]{3,}\"|'[^'\n]{3,}'|[!#-&(-+./-:<-~][!#-&(-:<-~]{2,})",
            _LABEL,
            0.9,
            Beside.WORD,
            _long_option,
            ignore_case=True,
        ),
        Pattern(
            "command_line.short",
            r"(mysql|mariadb|mongo|sshpass|sqlcmd|bcp|login|ldap|smbclient|redis-cli|7z|zip|openssl|psexec|xfreerdp)"
            r"[ -~]{0,} (-p|-w|-a|-P|/p:|-passin pass:|-passout pass:) ?[!-,.-~][!-~]{2,}",
            _LABEL,
            0.9,
            Beside.NOTHING,
            _short_option,
        ),
        Pattern(
            "command_line.user",
            r"(-u|--user|--proxy-user|-U)[= ] {0,2}[\"']?[A-Za-z0-9_.@%+\\-]{1,}:[!#-&(-~]{3,}",
            _LABEL,
            0.9,
            Beside.WORD,
            _user_and_password,
        ),
    ),
    "passwords on command lines",
)
