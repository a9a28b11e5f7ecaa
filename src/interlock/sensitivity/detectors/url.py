"""Web addresses: with a scheme, with www, or a name and a path (RFC 3986)."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict

_URL = Label("phi.url")
_SIGN = r"[^ \t\r\n\"'<>\\^`{|}\x00-\x1f]"
_ENDS = "com|org|net|edu|gov|mil|info|biz|example|health|clinic|hospital|io|co\\.uk|org\\.uk|nhs\\.uk|de|fr|eu|us|ca"


# Names of vocabularies and standards, nobody's address.
_NAMES = re.compile(
    r"https?://(?:www\.)?(?:hl7\.org|[a-z.]*\.hl7\.org|loinc\.org|snomed\.info|unitsofmeasure\.org|w3\.org|schema\.org|"
    r"json-schema\.org|schemas\.(?:xmlsoap|openxmlformats|microsoft|android)\.(?:org|com)|nucc\.org|purl\.org|xmlns\.com|"
    r"rfc-editor\.org|tools\.ietf\.org|datatracker\.ietf\.org|apache\.org/licenses|opensource\.org|gnu\.org/licenses)(?:/|\Z)",
    re.IGNORECASE,
)


def _cut(candidate: Candidate) -> Verdict | None:
    """Without the sentence's own signs at its end."""
    if _NAMES.match(candidate.matched):
        return None
    end = len(candidate.matched.rstrip(".,;:!?*_~"))
    while end and candidate.matched[end - 1] in ")]" and not _opened(candidate.matched[:end]):
        end = len(candidate.matched[: end - 1].rstrip(".,;:!?*_~"))
    if end <= candidate.matched.find("://") + 3:
        return None
    return Verdict(0.95, "scheme", 0, end)


# What programs write behind and before a member of something: `log.info(...)`, `use(place.ca)`.
_USED = re.compile(r"[(\[_]|\??\.|[ \t]*(?:[-+*/%|&]?=(?!\S*\.)|[=!]=|\)|\]|is\b|and\b|or\b|if\b|in\b|not\b)")
_OPENED = re.compile(r"(?:[(\[{!=]|\b(?:if|return|not|and|or|await|yield|self|print|in|assert|lambda))[ \t]*\Z")
_MEMBER = re.compile(
    r"[A-Za-z_]\w*\.(?:info|ca|health|io|us|de|org|eu|fr|clinic|hospital|example|biz|net)", re.IGNORECASE
)


def _is_member(candidate: Candidate) -> bool:
    """Whether a name with one dot is code rather than an address."""
    if _MEMBER.fullmatch(candidate.matched) is None:
        return False
    return _USED.match(candidate.after) is not None or _OPENED.search(candidate.before) is not None


def _opened(url: str) -> bool:
    return url.count("(") >= url.count(")") and url.count("[") >= url.count("]")


def _named(candidate: Candidate) -> Verdict | None:
    told = _cut(candidate)
    if told is None or candidate.before.endswith(("@", "://", ".", "/")):
        return None
    www = candidate.matched[:4].lower() == "www."
    if not www and "/" not in candidate.matched and _is_member(candidate):
        return None
    if not www and re.match(r"@|[a-z0-9-]*@", candidate.after):
        return None
    return Verdict(0.85 if www or "/" in candidate.matched else 0.6, "form", 0, told.end)


DETECTOR = Structured(
    "url",
    (
        Pattern(
            "url.scheme", rf"(?:https?|ftps?|sftp|wss?|hxxps?)://{_SIGN}+", _URL, 0.95, judge=_cut, ignore_case=True
        ),
        Pattern(
            "url.www",
            rf"www\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[/?#:]{_SIGN}*)?",
            _URL,
            0.85,
            judge=_named,
            ignore_case=True,
        ),
        Pattern(
            "url.named",
            rf"(?:[A-Za-z0-9-]+\.)+(?:{_ENDS})(?:[/?#:]{_SIGN}*)?",
            _URL,
            0.6,
            judge=_named,
            ignore_case=True,
        ),
    ),
    "web addresses",
)
