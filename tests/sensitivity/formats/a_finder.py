"""A finder that knows three things, so that formats are tested apart from detection."""

from __future__ import annotations

import re
from collections.abc import Sequence

from interlock.model.finding import Finding
from interlock.model.label import Label

SSN = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
NAME = re.compile(r"\b(?:Alice|Bob|Moreno)\b")
BOOM = "please raise"


class SimpleFinder:
    """Social security numbers, three names and the seeds. Raises on a text that asks for it."""

    def __init__(self) -> None:
        self.failed = 0
        self.asked: list[tuple[str, str]] = []

    def find(self, text: str, *, seeds: Sequence[str] = (), telling: str = "") -> tuple[Finding, ...]:
        self.asked.append((text, telling))
        text.encode()  # as any engine that looks at UTF-8: half of a pair is an error
        if BOOM in text:
            raise RuntimeError(text)
        found = [Finding(*m.span(), Label("phi.ssn"), 1.0, "form") for m in SSN.finditer(text)]
        found += [Finding(*m.span(), Label("phi.name"), 0.9, "list") for m in NAME.finditer(text)]
        for seed in seeds:
            found += [Finding(*m.span(), Label("phi.name"), 0.9, "seed") for m in re.finditer(re.escape(seed), text)]
        kept: list[Finding] = []
        for each in sorted(found):
            if not kept or each.start >= kept[-1].end:
                kept.append(each)
        return tuple(kept)

    def find_many(self, texts: Sequence[str], *, telling: str = "") -> list[tuple[Finding, ...]]:
        return [self.find(text, telling=telling) for text in texts]
