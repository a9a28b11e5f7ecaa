"""Which findings an administrator's grants would mend: told apart by their codes, whatever their advice says."""

from __future__ import annotations

import pytest

from interlock.cli.connection_findings import ADVICE, examine, refused
from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.demo.embedded_postgres import free_port
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret
from interlock.model.settings import ConnectionSettings, UpstreamPostgres
from interlock.sensitivity.catalog import parse_catalog


@pytest.mark.parametrize(
    ("finding", "by_grants"),
    [
        (fail("clinic.login", "x", "y", "upstream_login"), True),
        (fail("clinic.login", "x", "y", "upstream_database"), True),
        (fail("clinic.might", "x", "y", "login_mighty"), True),
        (fail("clinic.login", "x", ADVICE["upstream_login"], "upstream_away"), False),
        (fail("clinic.guard", "x", "y"), False),
        (warn("clinic.might", "x", "y"), False),
        (ok("clinic.might", "x"), False),
    ],
)
def test_grants_mend_a_login_that_does_not_get_in_or_is_too_mighty(finding: Finding, by_grants: bool) -> None:
    assert refused([ok("clinic.tls", "x"), finding]) is by_grants


def test_a_server_that_is_not_there_is_no_matter_of_grants() -> None:
    upstream = UpstreamPostgres("127.0.0.1", free_port(), "clinic", "gate", Secret("x"))
    name = ConnectionName("clinic")
    settings = ConnectionSettings(Connection(name, "postgres", "production", frozenset()), upstream, None)
    (found,) = examine("clinic", settings, parse_catalog("", "catalog.toml"))
    assert (found.check, found.code, refused([found])) == ("clinic.login", "upstream_away", False)
