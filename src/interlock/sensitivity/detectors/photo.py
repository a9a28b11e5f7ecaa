"""Photographs: files whose names, or the words beside them, tell a picture of a person."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict

_PERSON = re.compile(
    r"face|facial|frontal|portrait|head ?shot|headshot|selfie|photo|profile|patient|mug ?shot|passport|picture|avatar"
    r"|snapshot|camera|img|dsc|scan|id[-_]?card|license|baby|family",
    re.IGNORECASE,
)
_THINGS = re.compile(
    r"(?:logo|icon|banner|background|button|sprite|chart|graph|diagram|figure|screenshot|favicon|landscape|sample|example|thumbnail)",
    re.I,
)

DETECTOR = Structured(
    "photo",
    (
        Pattern(
            "photo.file",
            r"[A-Za-z0-9_%\x80-\xff][A-Za-z0-9_.%\x80-\xff-]*\.(?:jpe?g|png|heic|heif|gif|bmp|tiff?|webp|dcm|dng|raw)",
            Label("phi.photo"),
            0.45,
            judge=lambda c: _told(c),
            context=frozenset(
                {"photo", "photos", "photograph", "photographs", "picture", "pictures", "portrait", "headshot"}
            )
            | {
                "selfie",
                "face",
                "full-face",
                "facial",
                "mugshot",
                "snapshot",
                "pictured",
                "image of",
                "photo id",
                "image",
            },
            ignore_case=True,
        ),
    ),
    "photographs of people, by file name",
)


def _told(candidate: Candidate) -> Verdict | None:
    if _THINGS.match(candidate.matched):
        return None
    return Verdict(0.75 if _PERSON.search(candidate.matched) else 0.3, "file name")
