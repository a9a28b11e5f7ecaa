"""The times that machines put before what they log: dates of an entry, of nobody's care.

Safe Harbor takes out dates that are directly related to an individual (45 CFR 164.514(b)(2)(i)(C)). When a service
wrote a line that names nobody isn't one. Where the line names somebody, or tells of a patient's care, it may be: when
somebody signed in, when a chart was opened. The time of such a line counts as any date does.
"""

from __future__ import annotations

import re
from typing import Final

from interlock.sensitivity.passage import Passage

_OF_MACHINES: Final = ("secret", "phi.url", "phi.date", "quasi")
_LONGEST: Final = 400
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_KEY_BEFORE: Final = re.compile(
    r"(?:\A|[\s{,\[(;])\\?[\"']?(?:@?timestamp|ts|time|asctime|datetime|event_?time|logged_at|log_?time)\\?[\"']?\s?[=:]\s?\\?[\"']?\Z",
    re.IGNORECASE,
)
# The head of an answer of HTTP: `Date: Tue, 04 Mar 2025 10:11:44 GMT`.
_HEAD: Final = re.compile(r"(?:\A|\n)(?:date|last-modified|expires|if-modified-since)\s?:\s?\Z", re.IGNORECASE)
_GMT: Final = re.compile(r"[ ]?GMT")
# A line of the common log format up to its time, and what stands behind it.
_COMMON: Final = re.compile(r"\S{1,64} \S{1,64} \S{1,64} \[\Z")
_REQUEST: Final = re.compile(r"(?::[0-9]{2}:[0-9]{2}:[0-9]{2})?(?: [+-][0-9]{4})?\] \"")
_FIRST: Final = re.compile(r"\s*[\[(<]?(?:<[0-9]{1,3}>(?:1 )?)?\Z")
_ENTRY: Final = re.compile(
    r"(?:[.,][0-9]{1,9})?(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?[\])>]?[ \t|:-]{1,4}"
    r"(?:\[[^\]\n]{1,60}\]|<[A-Za-z]+>|(?:[a-z]+\.)?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRIT|CRITICAL|LOG)\b"
    r"|[A-Za-z0-9._-]{1,64} [A-Za-z0-9._/-]{1,64} (?:[0-9]{1,10}|-) [A-Za-z0-9._-]{1,32} [-\[]"
    r"|[A-Za-z0-9._-]{1,64} [A-Za-z0-9._/-]{1,64}(?:\[[0-9]{1,10}\])?:(?: |\Z)|[A-Za-z0-9._/-]{1,64}\[[0-9]{1,10}\]:)",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(
    r"patient|\buser|name\b|member|customer|client\b|person|employee|login|logged|mail|\bpts?\b|mrn|admi(?:t|ssion)|discharg|visit|encounter|\bdob\b|birth|\bchart|surg|procedure|prescri"
    r"|medicat|\bdose|\bdied|death|deceas|appointment|diagnos|specimen|infus|\bnurse|\bward|\bbed\b|vitals",
    re.IGNORECASE,
)


def is_log_time(passage: Passage, start: int, end: int) -> bool:
    """Whether the date at these places is when a machine wrote its line, which names nobody and tells of no care."""
    text = passage.text
    behind = text[end : end + 160]
    if not (_TIME.search(text[start:end]) or _TIME.match(behind.lstrip(": T"))):
        return False
    first = max(text.rfind("\n", 0, start) + 1, start - _LONGEST)
    before = text[first:start]
    if _HEAD.search(before) and (_GMT.match(behind) or text.endswith("GMT", start, end)):
        return True
    entry = (_FIRST.match(before) and _ENTRY.match(behind)) or (_COMMON.match(before) and _REQUEST.match(behind))
    if not (_KEY_BEFORE.search(before[-40:]) or entry):
        return False
    last = text.find("\n", end, end + 2 * _LONGEST)
    last = last if last >= 0 else min(len(text), end + 2 * _LONGEST)
    return _PERSON.search(before + text[end:last]) is None and not any(
        f.start < last and first < f.end and not f.label.startswith(_OF_MACHINES) and (f.end <= start or end <= f.start)
        for f in passage.findings
    )
