"""Running cases: what comes out of each, what was expected, and which policies no case made speak.

run(case_file.cases, bundle) -> Report        (pure: the bundle is loaded, the files are read by the caller)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from interlock.model.canonical import JsonValue
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Quorum, Requirements
from interlock.model.label import Label
from interlock.model.names import PolicyId
from interlock.model.obligation import Obligations
from interlock.policy.bundle import Bundle
from interlock.policy.case_file import Case, Expected

FORMAT = "interlock/policy-test/v1"
"""Names the shape of `Report.document`; whatever is added leaves it, whatever changes gets another number."""

ONE_OF = "one of "


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of one case, in the words of `Expected`."""

    outcome: str
    because: frozenset[str]
    codes: frozenset[str]
    signed_by: str = ""
    break_glass: frozenset[str] = frozenset()
    masks: frozenset[Label] = frozenset()
    row_cap: int = 0
    pseudonyms: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that came out otherwise: `differences` says in words what was expected and what came instead."""

    file: str
    case: str
    differences: tuple[str, ...]
    got: Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all cases. `silent` are the policies under test that no case made speak, sorted."""

    passed: int
    failures: tuple[Failure, ...]
    policies: frozenset[PolicyId]
    silent: tuple[PolicyId, ...]

    def and_also(self, other: Report) -> Report:
        """Both reports in one. A policy is silent where no case of either made it speak."""
        spoken = (self.policies - set(self.silent)) | (other.policies - set(other.silent))
        policies = self.policies | other.policies
        return Report(
            passed=self.passed + other.passed,
            failures=self.failures + other.failures,
            policies=policies,
            silent=tuple(sorted(policies - spoken)),
        )

    def document(self) -> Mapping[str, JsonValue]:
        """The report as JSON (docs/reference/policy-cases.md)."""
        return {
            "format": FORMAT,
            "passed": self.passed,
            "failed": len(self.failures),
            "failures": [_failure(failure) for failure in self.failures],
            "coverage": {"policies": len(self.policies), "silent": list(self.silent)},
        }


def run(cases: Iterable[Case], bundle: Bundle, under_test: frozenset[PolicyId]) -> Report:
    """Decides every case. `under_test` are the policies whose coverage is counted."""
    passed, failures, spoken = 0, [], set[PolicyId]()
    for case in cases:
        got = outcome(bundle.decide(case.action, case.at, case.recent))
        differences = tuple(_differences(case.expected, got))
        if differences:
            failures.append(Failure(case.file, case.name, differences, got))
        else:
            passed += 1
        spoken |= _speaking(bundle, case)
    return Report(passed, tuple(failures), under_test, tuple(sorted(under_test - spoken)))


def outcome(decision: Decision) -> Outcome:
    """A decision in the words of cases."""
    because = frozenset(str(reason.policy) for reason in decision.reasons if reason.policy is not None)
    codes = frozenset(reason.code for reason in decision.reasons)
    match decision:
        case Allow(obligations):
            return _under("allow", because, codes, obligations)
        case NeedsReview(requirements, obligations):
            return _under("review", because, codes, obligations, requirements)
        case Deny():
            return Outcome("deny", because, codes)


def in_words(requirements: Requirements) -> str:
    """Who must sign: `a:1, b:2` all of them, `one of a:1, b:1`, stages as `a:1 > b:1`; several with ` and ` between."""
    parts = [_listed(requirements.quorums)] if requirements.quorums else []
    parts += [f"{ONE_OF}{_listed(choices)}" for choices in requirements.any_of]
    parts += [" > ".join(_listed(stage) for stage in stages) for stages in requirements.stages]
    return " and ".join(parts)


def _under(
    word: str,
    because: frozenset[str],
    codes: frozenset[str],
    obligations: Obligations,
    requirements: Requirements | None = None,
) -> Outcome:
    return Outcome(
        outcome=word,
        because=because,
        codes=codes,
        signed_by=in_words(requirements) if requirements is not None else "",
        break_glass=frozenset(requirements.break_glass) if requirements is not None else frozenset(),
        masks=obligations.mask,
        row_cap=obligations.row_cap or 0,
        pseudonyms=obligations.pseudonyms,
    )


def _listed(quorums: tuple[Quorum, ...]) -> str:
    return ", ".join(sorted(f"{quorum.group}:{quorum.count}" for quorum in quorums))


def _speaking(bundle: Bundle, case: Case) -> set[PolicyId]:
    heard = bundle.hear(case.action, case.at, case.recent)
    return {policy for one in heard for policy in one.permits | one.forbids | one.lifted | one.observed}


def _differences(expected: Expected, got: Outcome) -> Iterator[str]:
    if expected.outcome != got.outcome:
        yield f"expected {expected.outcome}, got {got.outcome}"
    for word, wanted, came in (
        ("because", expected.because, got.because),
        ("codes", expected.codes, got.codes),
        ("break_glass", expected.break_glass, got.break_glass),
        ("masks", expected.masks, got.masks),
        ("pseudonyms", expected.pseudonyms, got.pseudonyms),
    ):
        if wanted is not None and wanted != came:
            yield f"{word}: {_apart(wanted, came)}"
    if expected.signed_by is not None and _spelled(expected.signed_by) != _spelled(got.signed_by):
        yield f'signed_by: expected "{expected.signed_by}", got "{got.signed_by}"'
    if expected.row_cap is not None and expected.row_cap != got.row_cap:
        yield f"row_cap: expected {expected.row_cap or 'none'}, got {got.row_cap or 'none'}"


def _apart(wanted: frozenset[str] | frozenset[Label], came: frozenset[str] | frozenset[Label]) -> str:
    missing, more = sorted(set(wanted) - set(came)), sorted(set(came) - set(wanted))
    parts = [f"missing {', '.join(missing)}"] if missing else []
    return "; ".join(parts + ([f"not expected {', '.join(more)}"] if more else []))


def _spelled(words: str) -> list[tuple[bool, list[list[str]]]]:
    """Requirements in words, so that spaces and the order of what has none don't count."""
    return sorted(map(_part, " ".join(words.split()).split(" and ")))


def _part(words: str) -> tuple[bool, list[list[str]]]:
    """Whether one of these will do, and the quorums of each stage."""
    quorums = words.removeprefix(ONE_OF)
    return quorums != words, [sorted(stage.replace(" ", "").split(",")) for stage in quorums.split(">")]


def _failure(failure: Failure) -> Mapping[str, JsonValue]:
    got = failure.got
    return {
        "file": failure.file,
        "case": failure.case,
        "differences": list(failure.differences),
        "got": {
            "outcome": got.outcome,
            "because": sorted(got.because),
            "codes": sorted(got.codes),
            "signed_by": got.signed_by,
            "break_glass": sorted(got.break_glass),
            "masks": sorted(got.masks),
            "row_cap": got.row_cap,
            "pseudonyms": sorted(got.pseudonyms),
        },
    }
