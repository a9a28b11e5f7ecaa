"""What tests of masking share: keys, days, a maker-up, and maskers of profiles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from interlock.masking.keys import MaskKeys
from interlock.masking.marks import Surrogates, Wanted
from interlock.masking.masker import Call, Masker
from interlock.masking.overrides import Overrides
from interlock.masking.profiles import PROFILES
from interlock.masking.pseudonyms import ActorPseudonyms, Pseudonyms
from interlock.masking.value import About, Kind
from interlock.model.actor import Actor, ActorKind
from interlock.model.label import Label
from interlock.model.names import ActorId, ConnectionName, KeyId, PersonId
from interlock.model.secret import Secret

AS_OF = date(2026, 11, 22)
KEYS = MaskKeys(Secret(b"M" * 32), "clinic")
NAMES = ("Dana Reyes", "Olu Adeyemi", "Mei Tan", "Ivo Hart")


def about(label: str, kind: Kind = Kind.TEXT, subject: str | None = None, **more: object) -> About:
    return About(Label(label), kind, subject, **more)  # type: ignore[arg-type]


def make_up(label: Label, seed: int) -> str | None:
    return NAMES[seed % len(NAMES)] if label.endswith("name") else None


def pseudonyms_of(actor: str) -> ActorPseudonyms:
    person = PersonId("o")
    asking = Actor(ActorKind.AGENT, ActorId(actor), frozenset(), person, KeyId("k"), person, person)
    return Pseudonyms(Secret(b"S" * 32)).of(ConnectionName("clinic"), asking)


def masker(profile: str, *, overrides: Overrides | None = None, actor: str = "etl") -> Masker:
    """One that has all it may need."""
    return Masker(
        PROFILES[profile],
        AS_OF,
        keys=KEYS,
        pseudonyms=pseudonyms_of(actor),
        make_up=make_up,
        overrides=overrides or Overrides(),
    )


def fetched(wanted: Mapping[Wanted, None] | list[Wanted] | tuple[Wanted, ...] | frozenset[Wanted]) -> Surrogates:
    """Surrogates as a vault would give them: by the order in which they were asked for, not by what they stand for."""
    return {each: bytes([n + 1]) * 20 for n, each in enumerate(wanted)}


def call(wanted: list[Wanted] | tuple[Wanted, ...] | frozenset[Wanted] = ()) -> Call:
    return Call(surrogates=fetched(wanted))
