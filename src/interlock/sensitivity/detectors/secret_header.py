"""What HTTP carries: Authorization (RFC 9110, Basic RFC 7617, Bearer RFC 6750), cookies (RFC 6265), session ids."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.credentials import bits, is_placeholder, looks_random
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.placeholders import is_nothing, is_reference

_SCHEME: Final = re.compile(
    r"(?i)^.*?(?:basic|bearer|token|digest|negotiate|apikey|api-key|ssws|splunk|ntlm|key|genie-?key)\s+"
)


def _authorization(candidate: Candidate) -> Verdict | None:
    scheme = _SCHEME.match(candidate.matched)
    if scheme is None:
        return None
    value = candidate.matched[scheme.end() :]
    if len(value) < 6 or is_nothing(value) or is_reference(value) or is_placeholder(value):
        return None
    return Verdict(0.95, "an Authorization header", scheme.end())


def _bearer(candidate: Candidate) -> Verdict | None:
    start = re.search(r"\s+", candidate.matched)
    value = candidate.matched[start.end() :] if start is not None else ""
    if is_placeholder(value) or sum(c.isdigit() for c in value) < 2 or bits(value) < 1.9:
        return None
    return Verdict(0.9, "behind Bearer", len(candidate.matched) - len(value))


def _basic(candidate: Candidate) -> Verdict | None:
    """`Basic` is a word too: what stands behind it must be base64 of `user:password`."""
    value = candidate.matched[6:].strip()
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if b":" not in plain or not plain.isascii():
        return None
    return Verdict(0.95, "base64 of a name and a password", len(candidate.matched) - len(value))


_COOKIE: Final = re.compile(r"(?i)(set-)?cookie2?[\\\"']{0,3}\s*[:=]\s*[\\\"']{0,3}")


def _cookies(candidate: Candidate) -> Verdict | None:
    head = _COOKIE.match(candidate.matched)
    if head is None:
        return None
    start, text = head.end(), candidate.matched
    end = text.find(";", start) if head[1] else -1
    end = len(text.rstrip("\\\"' ")) if end < 0 else end
    value = text[start:end].partition("=")[2]
    if len(value) < 4 or is_nothing(value) or is_reference(value):
        return None
    if len(value) < 16 and not any(map(str.isdigit, value)):
        return None
    return Verdict(0.85, "a cookie", start + (len(text[start:end]) - len(value) if head[1] else 0), end)


def _session(candidate: Candidate) -> Verdict | None:
    start = re.search(r"[=:]\s*[\\\"']{0,3}", candidate.matched)
    if start is None:
        return None
    value = candidate.matched[start.end() :]
    if is_placeholder(value) or is_reference(value) or not (looks_random(value) or _is_long_hex(value)):
        return None
    return Verdict(0.85, "a session", start.end())


def _is_long_hex(value: str) -> bool:
    return len(value) >= 16 and re.fullmatch(r"[0-9a-fA-F-]+", value) is not None and bits(value) > 2


DETECTOR = Structured(
    "secret_header",
    (
        Pattern(
            "header.authorization",
            r"authorization[\\\"' \t]{0,}[:=,][\\\"'( \t]{0,}"
            r"(basic|bearer|token|digest|negotiate|apikey|api-key|ssws|splunk|ntlm|key|genie-?key)[ \t]{1,}"
            r"[A-Za-z0-9+/=_.~:$@%|-]{6,}",
            Label("secret.authorization"),
            0.95,
            Beside.NOTHING,
            _authorization,
            ignore_case=True,
            longest=4096,
        ),
        Pattern(
            "header.bearer",
            r"(bearer|ssws|apikey)[ \t]{1,}[A-Za-z0-9+/=_.~-]{16,}",
            Label("secret.authorization"),
            0.9,
            Beside.WORD,
            _bearer,
            ignore_case=True,
            longest=4096,
        ),
        Pattern(
            "header.basic",
            r"[Bb]asic [A-Za-z0-9+/]{8,}={0,2}",
            Label("secret.authorization"),
            0.95,
            Beside.WORD,
            _basic,
            longest=512,
        ),
        Pattern(
            "header.cookie",
            r"(set-)?cookie2?[\\\"' \t]{0,}[:=][\\\"' \t]{0,}[A-Za-z0-9_.-]{1,}=[!#-&(-~ ]{4,}",
            Label("secret.session"),
            0.85,
            Beside.NOTHING,
            _cookies,
            ignore_case=True,
            longest=2048,
        ),
        Pattern(
            "header.session",
            r"(jsessionid|phpsessid|asp\.net_sessionid|connect\.sid|sessionid|session_id|session-id|sessid|session|sid|"
            r"csrf-?_?token|csrfmiddlewaretoken|xsrf-?_?token|remember_?token|remember_web|laravel_session|sessiontoken)"
            r"[\\\"' \t]{0,}[=:][\\\"' \t]{0,}[A-Za-z0-9%._~+/=:-]{12,}",
            Label("secret.session"),
            0.85,
            Beside.NOTHING,
            _session,
            ignore_case=True,
            longest=1024,
        ),
    ),
    "Authorization headers, cookies and session ids",
)
