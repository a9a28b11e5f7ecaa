"""A small gazetteer, and what a detector finds in a text, for tests of dates, ages and places."""

from __future__ import annotations

from interlock.model.finding import THRESHOLD
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage, TextDetector

TABLES = Tables(
    given={"mary": 40, "john": 50, "austin": 20, "paris": 15, "charlotte": 20, "ann": 30},
    surnames={"smith": 40, "jones": 40, "reed": 30, "parkinson": 15, "hopkins": 26},
    words={
        "reading": 51,
        "mobile": 48,
        "nice": 54,
        "orange": 46,
        "pain": 50,
        "clinic": 45,
        "the": 77,
        "of": 74,
        "in": 73,
        "street": 53,
        "deep": 50,
        "creek": 42,
        "health": 56,
        "mental": 50,
        "public": 57,
        "medicine": 48,
        "said": 60,
        "metformin": 26,
        "please": 58,
        "road": 52,
        "cough": 40,
    },
    ordinary=words_of(
        "reading nice pain clinic the of in street deep creek health mental public medicine said metformin please road"
        " cough"
    ),
    cities={
        "boston": 653,
        "detroit": 645,
        "fresno": 542,
        "toledo": 287,
        "springfield": 170,
        "newport": 161,
        "quincy": 93,
        "new york": 8800,
        "new york city": 8800,
        "san francisco": 870,
        "los angeles": 3900,
        "reading": 318,
        "bauru": 370,
        "mobile": 183,
        "nice": 342,
        "orange": 140,
        "paris": 2100,
        "austin": 960,
        "charlotte": 870,
        "köln": 1080,
        "lyon": 500,
        "parkinson": 10,
        "framingham": 70,
        "visalia": 140,
        "fairfield": 60,
        "oslo": 580,
        "of": 31,
        "walnut creek": 70,
        "warszawa": 1700,
        "leeds": 500,
    },
    states={"california": "CA", "illinois": "IL", "connecticut": "CT", "ohio": "OH", "massachusetts": "MA"},
    counties=frozenset({"tulare", "marin"}),
    countries=frozenset({"france", "marshall islands", "kenya", "jordan", "nepal", "south africa", "czech republic"}),
)


def found(detector: TextDetector, text: str, *, telling: str = "") -> list[str]:
    """What it reports, as it is written in the text, in order, the longest where some overlap."""
    findings = [f for f in detector.find(Passage(text, telling=telling)) if f.score >= THRESHOLD]
    kept: list[tuple[int, int]] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        assert 0 <= finding.start < finding.end <= len(text)
        if not kept or finding.start >= kept[-1][1]:
            kept.append((finding.start, finding.end))
    return [text[start:end] for start, end in kept]


def labels(detector: TextDetector, text: str, *, telling: str = "") -> set[str]:
    """The labels it reports."""
    return {str(f.label) for f in detector.find(Passage(text, telling=telling)) if f.score >= THRESHOLD}


def hidden(detector: TextDetector, text: str, *, telling: str = "") -> str:
    """The text, every letter and figure that is reported replaced by `_`."""
    covered = {
        index
        for f in detector.find(Passage(text, telling=telling))
        if f.score >= THRESHOLD
        for index in range(f.start, f.end)
    }
    return "".join("_" if i in covered and c.isalnum() else c for i, c in enumerate(text))


HOSTILE = (
    "1",
    "1/",
    "1-",
    "1.",
    "9 ",
    "a ",
    "A.",
    "A ",
    "at A",
    "in ",
    "St ",
    "St. ",
    "rue de la ",
    "corner of ",
    "May 5 ",
    "apt ",
    "po box 1 ",
    "Apt 5\n",
    "12 Elm ",
    "New York ",
    "Hospital ",
    "ninety ",
    "lives at ",
    "Straße 5 ",
    "Ã",
    "\n",
    "of ",
    "first ",
    "Monday ",
    "zip ",
    "@ A",
    "é",
    "'",
    "Street ",
    "County ",
)
"""Pieces that would make a careless expression take for ever when they are repeated."""
