"""The mask plan: which columns of a result are masked, with what, and under which labels that is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from interlock.errors import MalformedInput
from interlock.masking.forms import BYTEA
from interlock.masking.marks import Surrogates, Wanted
from interlock.masking.masker import Call, Masker, Place, with_surrogates
from interlock.masking.profile import Profile
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.replacement import Replacement
from interlock.masking.rule import NOTHING_OF_IT, RuleName
from interlock.masking.rules.by_profile import ProfileMask, profile_mask
from interlock.masking.rules.content import ContentMask, content_mask
from interlock.masking.rules.definition import DefinitionMask, definition
from interlock.masking.rules.null import null
from interlock.masking.rules.pseudonym import PseudonymMask, pseudonym
from interlock.masking.rules.redact import TEXT_LIKE, redact
from interlock.masking.rules.redact_array import TEXT_ARRAYS, redact_array
from interlock.model.exposure import Definition, Exposure, Output
from interlock.model.label import Label, upward
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal

# Further kinds of masks join here.
ColumnMask = Replacement | DefinitionMask | PseudonymMask | ContentMask | ProfileMask

_BLOB = Label("phi")  # what a picture or scan may hold is anything


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """One member a column in each: its mask, or None; and the labels it is masked for, by name.

    No labels: it isn't masked, or by what is found in its values (`ContentMask`), which counts for itself. Masks by
    profile share the marks and surrogates of their result. A plan that has masks of these two sorts is good for one
    result, and `for_one_result` makes those.
    """

    masks: tuple[ColumnMask | None, ...]
    labels: tuple[tuple[Label, ...], ...]

    @property
    def masks_anything(self) -> bool:
        """Whether any column is masked: if not, rows may pass as they are."""
        return any(mask is not None for mask in self.masks)

    def for_one_result(self, call: Call | None = None) -> MaskPlan:
        """The same plan with nothing found yet; itself where nothing is looked for and nothing numbered. `call`: the
        result's, where who masks keeps surrogates in it."""
        if not any(isinstance(mask, ContentMask | ProfileMask) for mask in self.masks):
            return self
        return self._with(call or Call())

    @property
    def looked_into(self) -> tuple[int, ...]:
        """The columns whose values must be looked into beforehand (`ContentMask.known`), by position."""
        return tuple(at for at, mask in enumerate(self.masks) if isinstance(mask, ContentMask))

    def wanted(self, columns: Sequence[Sequence[bytes | None]]) -> frozenset[Wanted]:
        """What has to be fetched from the vault before a chunk of rows is masked: `columns` are the chunk's values, one
        sequence a column. Ask only for columns of `wants`; others may be empty."""
        found = (
            mask.wanted(values)
            for mask, values in zip(self.masks, columns, strict=True)
            if isinstance(mask, ProfileMask) and values
        )
        return frozenset[Wanted]().union(*found)

    @property
    def wants(self) -> tuple[int, ...]:
        """The columns whose values may want surrogates, by position."""
        return tuple(
            at
            for at, mask in enumerate(self.masks)
            if isinstance(mask, ProfileMask) and mask.rule is RuleName.SURROGATE
        )

    def given(self, fetched: Surrogates) -> MaskPlan:
        """The same plan knowing these surrogates too; marks count on. What isn't among them becomes a constant."""
        call = next((mask.call for mask in self.masks if isinstance(mask, ProfileMask)), Call())
        told = with_surrogates(call, fetched)
        masks = tuple(mask.within(told) if isinstance(mask, ProfileMask) else mask for mask in self.masks)
        return MaskPlan(masks, self.labels)

    def _with(self, call: Call) -> MaskPlan:
        def anew(mask: ColumnMask | None) -> ColumnMask | None:
            match mask:
                case ContentMask():
                    return mask.from_nothing()
                case ProfileMask():
                    return mask.within(call)
                case _:
                    return mask

        return MaskPlan(tuple(map(anew, self.masks)), self.labels)

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
    content: bool = False,
    profile: Masker | None = None,
) -> MaskPlan:
    """The masks for a result with these output columns.

    Every labelled output is masked, whether or not `obligations.mask` names its labels: they can't take a mask away.
    Only a reveal of each of its labels does, and only where the output plainly is that column; and an action on a
    connection that is merely observed, where nothing is masked. `formats` are the result's format codes as in Bind:
    none (all text), one for all, or one each. The rules for texts send the same bytes in both; that for arrays doesn't.
    `pseudonyms` are the asker's, for plain texts under the labels of `obligations.pseudonyms`. With `content`, the
    values of columns without labels, and of those that the profile keeps, are looked into, but where nothing is masked.
    Raises `MalformedInput` on formats that don't fit the columns.

    With a `profile`, plain columns are masked by its rules, in their own types; expressions, definitions and what a
    rule can't mask still by constants. What it keeps is kept only if `obligations.mask` doesn't name a label of it.
    Pseudonyms that it forbids aren't given, whatever is granted.
    """
    _check(formats, len(outputs))
    held = [_held(output, obligations, profile) for output in outputs]
    looks = content and not obligations.observing
    return MaskPlan(
        masks=tuple(
            _by_rules(output, obligations, _format(formats, at), pseudonyms, profile)
            if labels
            else _by_content(output, obligations, _format(formats, at), looks)
            for at, (output, labels) in enumerate(zip(outputs, held, strict=True))
        ),
        labels=tuple(tuple(sorted(labels)) for labels in held),
    )


def without_kept(obligations: Obligations, exposure: Exposure, profile: Profile) -> Obligations:
    """What is owed on a connection with this profile: labels of nothing but outputs that it keeps aren't masked.

    Of an action that wasn't read whole nothing is kept.
    """
    if exposure.opaque:
        return obligations
    shown = frozenset[Label]().union(*(output.labels for output in exposure.outputs))
    held = (o.labels for o in exposure.outputs if o.labels and not profile.keeps(o.labels))
    return replace(obligations, mask=obligations.mask - (shown - frozenset[Label]().union(*held)))


def _held(output: Output, obligations: Obligations, profile: Masker | None) -> frozenset[Label]:
    """The labels that an output is masked for; none where it is shown."""
    if profile is None or obligations.observing:
        return frozenset() if _shown(output, obligations) else output.labels
    if not output.labels:
        blob = output.type_oid == BYTEA and profile.profile.drops_blobs
        return frozenset({_BLOB}) if blob else output.labels
    if _shown(output, obligations):
        return frozenset()
    kept = profile.choice(output.labels, Place(output.plain)).rule is RuleName.KEEP
    return frozenset() if kept and not upward(output.labels) & obligations.mask else output.labels


def _by_rules(
    output: Output, obligations: Obligations, format: int, known: ActorPseudonyms | None, profile: Masker | None
) -> ColumnMask:
    """The mask of an output with labels: the asker's pseudonyms, the profile's rule, or a constant."""
    if profile is None:
        return _pseudonym(output, obligations, known) or _mask(output, format)
    granted = RuleName.PSEUDONYM in profile.profile.allowed and not _strict(output, profile)
    told = _pseudonym(output, obligations, known) if granted else None
    return told or _by_profile(output, obligations, format, profile) or _mask(output, format)


def _strict(output: Output, profile: Masker) -> bool:
    return profile.choice(output.labels, Place(output.plain)).rule in NOTHING_OF_IT


def _by_profile(output: Output, obligations: Obligations, format: int, profile: Masker) -> ProfileMask | None:
    if output.plain is None or not output.labels:
        return None
    mask = profile_mask(profile, output.labels, output.plain, output.type_oid, format)
    return None if mask is not None and mask.rule is RuleName.KEEP else mask  # policy has named what the profile keeps


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


def _by_content(output: Output, obligations: Obligations, format: int, looks: bool) -> ContentMask | None:
    """None where there is nothing of anybody's in it, and where somebody was granted to see it."""
    if not looks or not output.data or (output.labels and _shown(output, obligations)):
        return None
    return content_mask(output.type_oid, format, output.plain)


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
