"""E-mail addresses (RFC 5321 and 6531 in so far as people write them), and those spelled out."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_EMAIL = Label("phi.email")
_LETTER = r"[A-Za-z0-9\x80-\xff]"
_DOMAIN = rf"{_LETTER}(?:[A-Za-z0-9\x80-\xff-]*{_LETTER})?"
_ENDS = (
    "com|org|net|edu|gov|mil|info|biz|io|co|us|uk|de|fr|it|es|nl|be|ch|at|se|no|dk|fi|pl|ie|pt|cz|hu|eu|ca|au|in"
    "|example|test"
)
_DOT = r" ?(?:\[dot\]|\(dot\)|\{dot\}| dot )"


def _written(candidate: Candidate) -> Verdict | None:
    local, _, domain = candidate.matched.partition("@")
    start = len(local) - len(local.lstrip(".'-%"))
    if not local[start:]:
        return None
    if local[start:].lower() == "git":
        return Verdict(0.2, "a repository")
    last = domain.rpartition(".")[2]
    if last.isascii() and not last.isalpha() and not last.startswith("xn--"):
        return None
    return Verdict(0.92, "form", start)


def _spelled(candidate: Candidate) -> Verdict | None:
    if re.match(r"[a-z]+ at ", candidate.matched, re.IGNORECASE) and re.search(
        r"\b(?:look|looking|meet)\Z", candidate.before
    ):
        return None
    return Verdict(0.75, "spelled out")


DETECTOR = Structured(
    "email",
    (
        Pattern(
            "email.written",
            rf"[A-Za-z0-9._%+'~\x80-\xff-]+@(?:{_DOMAIN}\.)+(?:[A-Za-z\x80-\xff][A-Za-z\x80-\xff]+|xn--[A-Za-z0-9-]+)",
            _EMAIL,
            0.92,
            Beside.NOTHING,
            _written,
        ),
        Pattern(
            "email.spelled",
            r"[A-Za-z0-9]+(?:(?:[._-]| ?(?:\[dot\]|\(dot\)| dot | underscore | dash ) ?)[A-Za-z0-9]+)*"
            r" ?(?:\[at\]|\(at\)|\{at\}| at | @ ) ?[A-Za-z0-9-]+"
            rf"(?:{_DOT} ?[A-Za-z0-9-]+)*{_DOT} ?(?:{_ENDS})",
            _EMAIL,
            0.75,
            judge=_spelled,
            ignore_case=True,
        ),
        Pattern(
            "email.spaced",
            rf"[A-Za-z0-9._%+-]+ @ ?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:{_ENDS})",
            _EMAIL,
            0.7,
            ignore_case=True,
        ),
    ),
    "e-mail addresses, written or spelled out",
)
