"""The mask plan: which columns of a result are masked, with what, and under which labels that is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlock.errors import MalformedInput
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.replacement import Replacement
from interlock.masking.rules.content import ContentMask, Find, content_mask
from interlock.masking.rules.definition import DefinitionMask, definition
from interlock.masking.rules.null import null
from interlock.masking.rules.pseudonym import PseudonymMask, pseudonym
from interlock.masking.rules.redact import TEXT_LIKE, redact
from interlock.masking.rules.redact_array import TEXT_ARRAYS, redact_array
from interlock.model.exposure import Definition, Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal

# Further kinds of masks join here.
ColumnMask = Replacement | DefinitionMask | PseudonymMask | ContentMask


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """One member a column in each: its mask, or None; and the labels it is masked for, by name.

    No labels: it isn't masked, or by what is found in its values (`ContentMask`), which counts for itself: a plan that
    has such masks is good for one result, and `for_one_result` makes those.
    """

    masks: tuple[ColumnMask | None, ...]
    labels: tuple[tuple[Label, ...], ...]

    @property
    def masks_anything(self) -> bool:
        """Whether any column is masked: if not, rows may pass as they are."""
        return any(mask is not None for mask in self.masks)

    def for_one_result(self) -> MaskPlan:
        """The same plan with nothing found yet; itself where nothing is looked for."""
        if not any(isinstance(mask, ContentMask) for mask in self.masks):
            return self
        masks = tuple(mask.from_nothing() if isinstance(mask, ContentMask) else mask for mask in self.masks)
        return MaskPlan(masks, self.labels)

    def counts(self, by_column: Sequence[int]) -> Mapping[Label, int]:
        """Masked fields by label, from how many were masked in each column; a field counts under each of its labels."""
        counted: Counter[Label] = Counter()
        for labels, count in zip(self.labels, by_column, strict=True):
            if count:
                counted.update(dict.fromkeys(labels, count))
        for mask in self.masks:
            if isinstance(mask, ContentMask):
                counted.update(mask.found)
        return dict(sorted(counted.items()))


def plan(
    outputs: Sequence[Output],
    obligations: Obligations,
    formats: Sequence[int],
    pseudonyms: ActorPseudonyms | None = None,
    content: Find | None = None,
) -> MaskPlan:
    """The masks for a result with these output columns.

    Every labelled output is masked, whether or not `obligations.mask` names its labels: they can't take a mask away.
    Only a reveal of each of its labels does, and only where the output plainly is that column; and an action on a
    connection that is merely observed, where nothing is masked. `formats` are the result's format codes as in Bind:
    none (all text), one for all, or one each. The rules for texts send the same bytes in both; that for arrays doesn't.
    `pseudonyms` are the asker's, for plain texts under the labels of `obligations.pseudonyms`. With `content`, the
    values of texts and JSON without labels are looked into, but where nothing is masked. Raises `MalformedInput` on
    formats that don't fit the columns.
    """
    _check(formats, len(outputs))
    held = [frozenset() if _shown(output, obligations) else output.labels for output in outputs]
    looks = content if not obligations.observing else None
    return MaskPlan(
        masks=tuple(
            _pseudonym(output, obligations, pseudonyms) or _mask(output, _format(formats, at))
            if labels
            else _by_content(output, _format(formats, at), looks)
            for at, (output, labels) in enumerate(zip(outputs, held, strict=True))
        ),
        labels=tuple(tuple(sorted(labels)) for labels in held),
    )


def _shown(output: Output, obligations: Obligations) -> bool:
    if obligations.observing:
        return True
    return output.plain is not None and all(
        Reveal(output.plain, label) in obligations.reveal for label in output.labels
    )


def describe(masked: MaskPlan, outputs: Sequence[Output]) -> tuple[str, ...]:
    """What is masked, a line a column, for the release entry: `clinic/public.patients.ssn: phi.ssn`.

    A coarse column goes by its position; never by its name, which the asker chose.
    """
    return tuple(
        f"{output.plain or f'column {position}'}: {', '.join(labels)}"
        for position, (output, labels) in enumerate(zip(outputs, masked.labels, strict=True), start=1)
        if labels
    )


def _format(formats: Sequence[int], at: int) -> int:
    """The format of a column by Bind's rule."""
    if len(formats) <= 1:
        return formats[0] if formats else 0
    return formats[at]


def _pseudonym(output: Output, obligations: Obligations, known: ActorPseudonyms | None) -> PseudonymMask | None:
    if output.plain is None or output.type_oid not in TEXT_LIKE:
        return None
    return pseudonym(output.labels, obligations.pseudonyms, known)


def _by_content(output: Output, format: int, find: Find | None) -> ContentMask | None:
    if find is None or output.labels:  # with labels, it is shown because somebody granted that
        return None
    return content_mask(find, output.type_oid, format)


def _mask(output: Output, format: int) -> ColumnMask:
    # In a coarse column NULL is replaced too: whether an expression is NULL may depend on a value (CASE, NULLIF).
    # In one that shows definitions it doesn't, and says that there is none.
    keeps_null = output.plain is not None or output.definition is not None
    if output.definition is Definition.SQL and output.type_oid in TEXT_LIKE:
        return definition(output.labels)
    if output.type_oid in TEXT_ARRAYS:
        return redact_array(output.labels, keeps_null, output.type_oid, format)
    return redact(output.labels, keeps_null) if output.type_oid in TEXT_LIKE else null(keeps_null)


def _check(formats: Sequence[int], columns: int) -> None:
    if len(formats) not in (0, 1, columns) or any(code not in (0, 1) for code in formats):
        raise MalformedInput("a result's format codes don't fit its columns")
