"""Answers of services as somebody hostile writes them: nearly right, for fuzzing those who read them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st


def answers(*keys: str) -> st.SearchStrategy[bytes]:
    """JSON of objects with these keys and of everything else, now and then cut off."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(keys)
    members: st.SearchStrategy[Any] = st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(keys), inner, max_size=4)
            | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        ),
        max_leaves=12,
    )
    listed = st.fixed_dictionaries({keys[0]: st.lists(members, max_size=4)})
    whole = st.one_of(members, listed).map(lambda value: json.dumps(value).encode())
    return st.one_of(whole, st.tuples(whole, st.integers(0, 40)).map(lambda cut: cut[0][: cut[1]]))
