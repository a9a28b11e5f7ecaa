"""What a log may say only once: who used an approval up, ended a key, opened a review, cast a vote.

Rows in the store guard the same, but whoever can write to the store resets a row in the very transaction that moved
it. So what an entry claims is kept apart from every row, by whoever writes entries and by whoever verifies them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from interlock.ledger.entry import Entry
from interlock.ledger.steps import Step, broken
from interlock.model.entry import EntryType

MOST_USES: Final = 100  # of one approval, as the policy grammar has it: each is a mark to remember

_SHARD_BITS: Final = 12
_KEPT_BITS: Final = 64  # of each mark within its shard: one item of an array

_CLAIMING: Final = frozenset(
    {
        EntryType.ACTION_RELEASED,
        EntryType.VOTE_CAST,
        EntryType.REVIEW_OPENED,
        EntryType.REVIEW_EXPIRED,
        EntryType.REVIEW_WITHDRAWN,
        EntryType.REVIEW_SUPERSEDED,
        EntryType.REVIEW_NARROWED,
        EntryType.BREAK_GLASS_USED,
        EntryType.BREAK_GLASS_REVIEWED,
        EntryType.KEY_REVOKED,
    }
)


class Claim(NamedTuple):  # made for every release: half the price of a frozen dataclass
    """Something said. `mark` is 76 bits of a hash of it; `refusal` is why it can't be said again, "" if it can.

    One that `only_looks` says nothing itself; one that `needs` is refused unless it was said before.
    """

    mark: int
    refusal: str = ""
    only_looks: bool = False
    needs: bool = False


class Marks:
    """A set of marks, for ever: 8 bytes each, sorted in shards. A set of ints would take ten times as much."""

    __slots__ = ("_shards",)

    def __init__(self) -> None:
        self._shards = tuple(array("Q") for _ in range(1 << _SHARD_BITS))

    def __contains__(self, mark: object) -> bool:
        if not isinstance(mark, int):
            return False
        shard, kept = self._place(mark)
        at = bisect_left(shard, kept)
        return at < len(shard) and shard[at] == kept

    def update(self, marks: Iterable[int]) -> None:
        """Adds every one of `marks` that isn't there yet."""
        for mark in marks:
            shard, kept = self._place(mark)
            at = bisect_left(shard, kept)
            if at == len(shard) or shard[at] != kept:
                shard.insert(at, kept)

    def _place(self, mark: int) -> tuple[array[int], int]:
        return self._shards[mark >> _KEPT_BITS], mark & ((1 << _KEPT_BITS) - 1)


def claims(type_: EntryType, act: str, obj: str, d: Mapping[str, Any]) -> tuple[Claim, ...]:
    """What an entry of a form that fits its type claims."""
    if type_ not in _CLAIMING:
        return ()
    match type_:
        case EntryType.ACTION_RELEASED:
            once = Claim(_mark("release", act), "this action was released before")
            return (once, *_use(d["review"], d.get("use"))) if d["review"] else (once,)
        case EntryType.VOTE_CAST:
            # A vote is void once its credential is; so with another one the same person may cast it anew. One that
            # settled nothing may be cast once more to settle: groups may change so that the votes suffice without one.
            credential = (d["presence"], d["key"], d.get("credential", ""))
            said = _mark("vote", obj, d["person"], d["verdict"], d["digest"], d["card"], d["settles"], *credential)
            cast = Claim(said, "this person has cast this vote before")
            return (cast, Claim(_mark("settlement", obj))) if d["settles"] == "denied" else (cast,)
        case EntryType.REVIEW_OPENED:
            opening = Claim(_mark("opening", obj), "a review of this id was opened before")
            return opening, *(Claim(_mark("run", obj, str(use))) for use in _runs(d.get("uses", 1)))
        case EntryType.REVIEW_NARROWED:
            return (Claim(_mark("narrowing", obj, d["previous"]), "this card was narrowed before"),)
        case EntryType.BREAK_GLASS_USED:
            return (Claim(_mark("glass", obj), "the glass of this review was broken before"),)
        case EntryType.BREAK_GLASS_REVIEWED:
            return (Claim(_mark("after-review", obj), "this was reviewed afterwards before"),)
        case EntryType.KEY_REVOKED:
            return (Claim(_mark("revocation", obj), "the key was used up or revoked before"),)
        case _:
            return (Claim(_mark("settlement", obj)),)


def _runs(uses: int) -> range:
    """The numbers of the runs that an approval is good for; none if it is good for one, which has no number."""
    return range(1, min(uses, MOST_USES) + 1) if uses > 1 else range(0)


def _use(review: str, use: int | None) -> tuple[Claim, ...]:
    """What the release of a review claims: one of its numbered runs, or all that there is of it."""
    settlement, settled = _mark("settlement", review), "the review was used up or settled before"
    if use is None:
        numbered = Claim(_mark("run", review, "1"), "the review's runs are numbered", only_looks=True)
        return numbered, Claim(settlement, settled)
    needed = [Claim(_mark("run", review, str(use)), "the review wasn't opened for so many runs", True, needs=True)]
    if use > 1:
        before = _mark("use", review, str(use - 1))
        needed.append(Claim(before, "the run before this one wasn't released", True, needs=True))
    this = Claim(_mark("use", review, str(use)), "this run of the review was used before")
    return *needed, Claim(settlement, settled, only_looks=True), this


def marks(made: Iterable[Claim]) -> Iterator[int]:
    """What these claims say, for whoever remembers it."""
    return (claim.mark for claim in made if not claim.only_looks)


def refusal(wanted: Sequence[Claim], ever: Container[int] = (), batch: Container[int] = ()) -> str | None:
    """Why these claims, made in this order after what was said `ever` and in this `batch`, can't all be made.

    None when they can.
    """
    now = set[int]()
    for mark, because, only_looks, needs in wanted:
        if because and (mark in ever or mark in batch or mark in now) is not needs:
            return because
        if not only_looks:
            now.add(mark)
    return None


def follow(said: Marks, index: int, entry: Entry) -> None:
    """Takes what the entry at `index` claims into `said`.

    Raises `LedgerCorrupt` for a release of an action that was released before, of a settled review, or of one that was
    released as often as it was opened for. The others say nothing new the second time: `Authority` passes over them.
    """
    made = claims(entry.type, entry.act, entry.obj, entry.d)
    because = refusal(made, said) if entry.type in (EntryType.ACTION_RELEASED, EntryType.REVIEW_OPENED) else None
    if because is None:
        said.update(marks(made))
    elif entry.type is EntryType.ACTION_RELEASED:
        raise broken(Step.ONCE, because, index=index)


def _mark(*parts: str) -> int:
    digest = blake2b("\0".join(parts).encode(), digest_size=10).digest()
    return int.from_bytes(digest) >> (80 - _SHARD_BITS - _KEPT_BITS)
