"""Names that tell of a secret, and how a value is given to one: `key=value`, JSON, YAML, code, environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from interlock.sensitivity.pattern import Candidate

# All three are in what RE2 and hyperscan share. A name may go on (`password_primary`), be quoted, also within JSON that
# is quoted itself, or be indexed (`config["password"] = `).
TAIL: Final = r"[A-Za-z0-9_.-]{0,}[\\\"'`\] \t]{0,}"
GIVES: Final = r"(=>|:=|\+=|==?=?|:|->)[ \t]{0,}"
VALUE: Final = (
    r"([bfruBFRU]{0,2}\"(\\[ -~]|[^\"\\\n]){3,}\"|[bfruBFRU]{0,2}'(\\[ -~]|[^'\\\n]){3,}'"
    r"|[\\]{1,3}\"[^\"\\\n]{3,}[\\]{1,3}\"|[\"'`]{0,1}[!#-&(-+\--:=?-_a-~\x80-\xff]{3,})"
)

_SPLIT: Final = re.compile(r"(=>|:=|\+=|={1,3}|:|->)[ \t]*")
# Names whose ending says that the value is about the secret, not the secret.
_ABOUT: Final = re.compile(
    r"(?:^|[_.-]|(?<=[a-z0-9]))(?:count|counts|length|len|min|max|limit|size|policy|policies|rules?|fields?|files?|path|paths|"
    r"dir|url|uri|urls|endpoint|link|expir\w*|ttl|age|lifetime|timeout|reset|resets|hint|required|enabled|disabled|type|"
    r"types|changed|updated|created|last|at|date|time|timestamp|name|names|arn|ref|version|manager|provider|store|"
    r"label|placeholder|prompt|title|text|message|error|errors|regex|pattern|strength|score|attempts?|retries|usage|used|"
    r"status|state|valid|validator|verify|verified|visible|visibility|input|format|encoding|alg|algo|algorithm|scheme|"
    r"header|param|params|parameter|class|module|function|callback|handler|service|usages|budget|cost|price|rate|ids?|"
    r"index|position|offset|stream|set|per|rotation|confirm(?:ed|ation)?|match|mismatch|incorrect|invalid|bucket|"
    r"prefix|suffix|column|table|limit|left|remaining|total|delta|window|bits|public|encryption|pub|algorithms|exists|policyid|s3key)$",
    re.IGNORECASE,
)
_IDS_THAT_ARE: Final = re.compile(r"(?i)(?:secret|session|sess|token)[_-]?ids?$")


@dataclass(frozen=True, slots=True)
class Given:
    """A name and the value given to it; `start` and `end` are where the value stands in the match."""

    name: str
    """As it is written, without quotation marks, from where the expression begins."""
    sign: str
    value: str
    start: int
    end: int
    quoted: bool
    indented: bool
    """Whether a space stood behind the sign."""

    @property
    def is_about(self) -> bool:
        """Whether the name says that the value tells of a secret instead of being one: `token_count`."""
        return _ABOUT.search(self.name) is not None and _IDS_THAT_ARE.search(self.name) is None


def given(candidate: Candidate) -> Given | None:
    """Takes a match of name, `TAIL`, `GIVES` and `VALUE` apart. None when nothing is left of the value."""
    text = candidate.matched
    sign = _SPLIT.search(text)
    if sign is None:
        return None
    name = text[: sign.start()].rstrip("\"'`] \t\\")
    start, end = sign.end(), len(text)
    while start < end and text[start] in "bfruBFRU" and _opens(text, start + 1):
        start += 1
    while start < end and text[start] == "\\":
        start += 1
    mark = text[start] if start < end and text[start] in "\"'`" else ""
    start += len(mark)
    end = _end(text, start, mark)
    if end - start < 3:
        return None
    quoted = mark != "" and text[end : end + 1] in (mark, "\\")
    return Given(name, sign[1], text[start:end], start, end, quoted, sign[0] != sign[1])


def _opens(text: str, at: int) -> bool:
    """Whether a quotation mark stands there, behind at most one more letter of a literal's prefix."""
    return text[at : at + 1] in ("'", '"') or (
        text[at : at + 1] in tuple("bfruBFRU") and text[at + 1 : at + 2] in ("'", '"')
    )


# Where an unquoted value ends that the expression took too much of: the next parameter of a query, what closes a call
# or an object, a sentence's end.
_PARAMETER: Final = re.compile(r"&[A-Za-z_][A-Za-z0-9_.-]{0,40}=|\\[nrt\"']|\|\||&&")


def _end(text: str, start: int, mark: str) -> int:
    end = len(text)
    if mark and text.find(mark, start) >= 0:
        end = text.rindex(mark)
        return end - (len(text[start:end]) - len(text[start:end].rstrip("\\")) if mark == '"' else 0)
    cut = _PARAMETER.search(text, start)
    end = cut.start() if cut is not None else end
    while end > start and text[end - 1] in ".:)]}|\\`":
        opening = {")": "(", "]": "[", "}": "{"}.get(text[end - 1])
        if opening is not None and opening in text[start : end - 1]:
            break
        end -= 1
    return end
