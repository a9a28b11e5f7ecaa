"""Vehicle plates, where words tell them."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Structured, Verdict
from interlock.sensitivity.told import told


def _lettered(candidate: Candidate) -> Verdict | None:
    """A letter and a digit; digits alone where the words before leave no doubt."""
    sure = "licen" in candidate.before or "registration" in candidate.before
    return Verdict(0.88, "told by words") if sure or any(map(str.isalpha, candidate.matched)) else None


DETECTOR = Structured(
    "licence_plate",
    (
        told(
            "licence_plate.told",
            Label("phi.vehicle"),
            (
                "(?:licen[sc]e|number|registration|vehicle|car|tag|truck) ?plates?",
                "plates?",
                "tag",
                "(?:vehicle|car) (?:registration|reg|tag|rego)",
                "(?:registration|reg) mark",
            ),
            0.88,
            least=1,
            check=_lettered,
            # In one piece; letters and then digits, or the other way round; the forms of Britain, France, Germany.
            value="(?:[A-Z0-9]{1,4}[0-9][A-Z0-9]{0,5}|[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[0-9]{1,4}|[A-Z]{2,4}[ -][0-9]{2,4}"
            "|[0-9]{1,4}[ -][A-Z]{2,4}|[A-Z]{2}[0-9]{2} [A-Z]{3}|[A-Z]{2}-[0-9]{3}-[A-Z]{2}"
            "|[0-9][A-Z]{3}[ -]?[0-9]{3})",
        ),
    ),
    "vehicle plates, told by words",
)
