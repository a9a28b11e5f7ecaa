"""`secret_google`: each form in many surroundings, and placeholders of the same form."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of
from tests.sensitivity.generated_secrets import Kind
from tests.sensitivity.vendor_forms import assert_found_everywhere, assert_left, kinds_of

from interlock.sensitivity.detectors.secret_google import DETECTOR

ENGINE = engine_of(DETECTOR)
HERE = kinds_of("secret.gcp")


@pytest.mark.parametrize("kind", HERE, ids=lambda kind: kind.field)
def test_each_form_is_found_everywhere(kind: Kind) -> None:
    assert_found_everywhere(ENGINE, kind)


@pytest.mark.parametrize("kind", HERE, ids=lambda kind: kind.field)
def test_placeholders_and_pieces_are_left(kind: Kind) -> None:
    assert_left(ENGINE, kind)
