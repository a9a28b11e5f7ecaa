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


# Addresses of services, which programs ask: by their host, or by what stands before them. Nobody is known by one.
_SERVICE = re.compile(
    r"(?:https?|wss?|ftps?|sftp)://(?:"
    r"(?:localhost|127\.[0-9.]+|0\.0\.0\.0|\[::1\]|[a-z0-9_-]+(?=[:/?#]|\Z))"
    r"|(?:[a-z0-9_-]+\.)+(?:internal|local|localdomain|svc|lan|intern|int|corp)(?=[:/?#]|\Z)"
    r"|(?:api|apis|oauth|oauth2|sts|registry|maps|smtp|imap|ldap|cdn|static|hooks|vault|metrics|grafana|prometheus|kibana"
    r"|jenkins|nexus|artifactory|ghcr|telemetry|otel|s3|packages|mirror|mirrors|downloads?|login)\.[a-z0-9.-]+"
    r"|(?:[a-z0-9-]+\.)*(?:googleapis\.com|github\.com|githubusercontent\.com|gitlab\.com|amazonaws\.com|windows\.net"
    r"|azure\.com|microsoftonline\.com|npmjs\.org|npmjs\.com|pypi\.org|docker\.io|docker\.com|golang\.org|crates\.io"
    r"|rubygems\.org|maven\.org|quay\.io|debian\.org|ubuntu\.com|sentry\.io|datadoghq\.com|openai\.com|anthropic\.com))"
    r"(?=[:/?#]|\Z)(?![^ ]*[~@])",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?:_ur[il]|endpoint|upstream|issuer|insteadof|proxy_pass|base_?ur[il]|api_?ur[il]|registry|callback|audience"
    r"|(?:^|[\s\"'])(?:get|post|put|patch|delete|head))\\?[\"']?\s?[=:]?\s?\\?[\"']?\Z"
)
# A name of a server, behind a word for one: `host: smtp.example.com`.
_HOST = re.compile(
    r"(?:host|hostname|host_?name|server|machine|smtp|relay|proxy|upstream|broker|brokers|servers|endpoint|node)"
    r"\\?[\"']?\s{0,2}[=:]?\s{0,2}\\?[\"']?(?:tcp:)?\Z"
)


def _cut(candidate: Candidate) -> Verdict | None:
    """Without the sentence's own signs at its end."""
    if _NAMES.match(candidate.matched) or _SERVICE.match(candidate.matched):
        return None
    if "://" in candidate.matched and _ASKED.search(candidate.before) and "?" not in candidate.matched:
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
    if candidate.after[:1] == "." and candidate.after[1:2].isalpha():
        return None  # a package of a program: `org.example.clinic.PatientDao`
    if "/" not in candidate.matched and _HOST.search(candidate.before):
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
