"""Amazon Web Services: access keys, the secret key beside one, session tokens, Bedrock and marketplace keys."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.credentials import bits, token
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_KEY_ID: Final = 20  # characters, the four of its kind included (IAM User Guide, Unique identifiers)
_SECRET: Final = re.compile(r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])")


def _key_id(candidate: Candidate) -> Verdict | None:
    if len(set(candidate.matched[4:_KEY_ID])) < 4:
        return None
    return Verdict(0.95, "the form of a key id", 0, _KEY_ID)


def _secret_behind(candidate: Candidate) -> Verdict | None:
    found = _SECRET.search(candidate.matched, _KEY_ID)
    if found is None or bits(found[0]) < 3:
        return None
    return Verdict(0.95, "forty characters behind a key id", *found.span())


def _secret_named(candidate: Candidate) -> Verdict | None:
    found = _SECRET.search(candidate.matched)
    if found is None or bits(found[0]) < 3:
        return None
    return Verdict(0.95, "forty characters behind the name of a secret key", *found.span())


DETECTOR = Structured(
    "secret_aws",
    (
        Pattern(
            "aws.access_key",
            r"A(KIA|SIA|BIA|CCA|GPA|IDA|ROA|IPA|NPA|NVA)[A-Z2-7]{16}[A-Z0-9]{0,1}",
            Label("secret.aws.access_key"),
            0.95,
            Beside.NOTHING,
            _key_id,
        ),
        Pattern(
            "aws.access_key_folded",  # in lower case it is still the key's
            r"a(kia|sia)[a-z2-7]{16}",
            Label("secret.aws.access_key"),
            0.8,
            Beside.WORD,
            lambda c: _key_id(c) if sum(map(str.isdigit, c.matched)) > 1 else None,
        ),
        Pattern(
            "aws.secret_behind",
            r"A(KIA|SIA)[A-Z2-7]{16}[\t\r\n ,;:|/\"'\\]{1,}"
            r"([A-Za-z_]{4,}[\"' ]{0,2}[=:][\"' ]{0,2})?[A-Za-z0-9/+]{12,}",
            Label("secret.aws.secret_key"),
            0.95,
            Beside.NOTHING,
            _secret_behind,
        ),
        Pattern(
            "aws.secret_named",
            r"secret_?-?(access)?_?-?key[\"' \t\]]{0,3}(=>|=|:|,)?[\"' \t\\]{0,4}[A-Za-z0-9/+]{40,}",
            Label("secret.aws.secret_key"),
            0.95,
            Beside.NOTHING,
            _secret_named,
            ignore_case=True,
        ),
        token("aws.bedrock", r"ABSK[A-Za-z0-9+/]{100,}={0,2}", "secret.aws", beside=Beside.WORD),
        token("aws.marketplace", r"amzn\.mws\.[0-9a-f-]{36}", "secret.aws"),
    ),
    "AWS access keys, and the secret keys beside them",
)
