"""Arrays of texts: the mask is an array that the server itself would have sent, in both formats."""

from __future__ import annotations

import psycopg
import pytest
from tests.postgres_fixture import ClinicDatabase

from interlock.masking.plan import plan
from interlock.masking.rules.redact_array import TEXT_ARRAYS
from interlock.model.exposure import Output
from interlock.model.label import Label
from interlock.model.obligation import Obligations

NAMES = {1003: "name", 1009: "text", 1014: "bpchar", 1015: "varchar"}


@pytest.mark.parametrize("format", [0, 1])
@pytest.mark.parametrize("type_oid", TEXT_ARRAYS)
def test_it_is_what_the_server_sends(clinic: ClinicDatabase, type_oid: int, format: int) -> None:
    outputs = [Output("x", 23, frozenset(), None), Output("a", type_oid, frozenset({Label("phi.mrn")}), None)]
    masks = plan(outputs, Obligations(), [0, format]).masks
    assert masks[0] is None
    assert masks[1] is not None
    with psycopg.connect(clinic.server.conninfo(clinic.name)) as connection:
        cursor = connection.cursor(binary=bool(format))
        cursor.execute(f"SELECT ARRAY['[phi.mrn]']::{NAMES[type_oid]}[]".encode())
        assert cursor.pgresult is not None
        sent = cursor.pgresult.get_value(0, 0)
    made = masks[1](b"anything")
    assert made == sent or (format == 0 and made is not None and made.replace(b'"', b"") == sent)
    assert masks[1](None) == made, "a coarse output hides that it is NULL"
