"""Streets: where an address shows itself. Each form is found by itself; `block` then takes what stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.passage import Passage
from interlock.sensitivity.places.anchored import anchored
from interlock.sensitivity.places.fixed import FIXED_SIGNS, Street, fixed_forms
from interlock.sensitivity.places.number_first import TELLING, numbers_first, weakly_named, without_number
from interlock.sensitivity.places.number_last import numbers_last, prefixed
from interlock.sensitivity.places.street_types import TYPES
from interlock.sensitivity.places.vietnamese import vietnamese
from interlock.sensitivity.places.words import PREFIX_STARTS

SIGNS = FIXED_SIGNS | TYPES | TELLING | PREFIX_STARTS.keys()
"""Words of which one stands in whatever has no figures and is a street nevertheless."""


def streets(passage: Passage, lower: bool, forms: Sequence[re.Match[str]] | None, tables: Tables) -> Iterator[Street]:
    """Every street in the passage, in no order, some of them overlapping. `lower`: it knows no capitals; `forms`:
    what has a postcode's form, None where there are no figures at all."""
    if not passage.words.isdisjoint(SIGNS):
        yield from without_number(passage)
        yield from weakly_named(passage, lower, tables)
        yield from fixed_forms(passage)
        yield from prefixed(passage, lower)
        if forms is not None:
            yield from numbers_first(passage, lower, tables)
    yield from vietnamese(passage, lower)
    if forms is not None:
        yield from numbers_last(passage, lower)
        yield from anchored(passage, lower, forms)
