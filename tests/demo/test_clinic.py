"""The demo clinic: the same rows every time, of the right form, and loaded with no more rights than needed."""

from __future__ import annotations

import hashlib
import json
import re

import psycopg
import pytest
from tests.postgres_fixture import PASSWORD, PATIENTS, ClinicDatabase

from interlock.demo.clinic import make_clinic
from interlock.demo.clinic_load import LOGIN, ensure_clinic
from interlock.model.secret import Secret


def _fingerprint(patients: int, seed: int) -> str:
    tables = make_clinic(patients, seed).tables
    return hashlib.sha256(repr({name: list(rows) for name, rows in tables.items()}).encode()).hexdigest()


def test_a_seed_gives_the_same_clinic_every_time_and_another_seed_another() -> None:
    assert _fingerprint(50, 1) == _fingerprint(50, 1)
    assert _fingerprint(50, 1) != _fingerprint(50, 2)


def test_identifiers_have_their_form_and_belong_to_nobody() -> None:
    patients = make_clinic(500, 3).patients
    assert all(re.fullmatch(r"9\d\d-[0-4]\d-\d{4}", p.ssn) for p in patients)
    assert all(re.fullmatch(r"\(\d{3}\) 555-01\d\d", p.phone) for p in patients)
    assert all(re.search(r"@example\.(com|net|org)$", p.email) for p in patients)
    assert len({p.ssn for p in patients}) == len({p.mrn for p in patients}) == 500
    assert all(p.birth_date.day > 1 for p in patients)


def test_phi_lies_in_json_and_inside_notes() -> None:
    clinic = make_clinic(500, 3)
    assert all(json.loads(p.preferences)["contact"]["number"] == p.phone for p in clinic.patients)
    by_id = {p.id: p for p in clinic.patients}
    for value in ("ssn", "mrn", "phone", "email", "insurance_member_id"):
        assert any(getattr(by_id[n.patient_id], value) in n.body for n in clinic.notes), value
    assert all(by_id[n.patient_id].given_name in n.body for n in clinic.notes)


def test_what_was_made_is_what_was_loaded(clinic: ClinicDatabase) -> None:
    with clinic.admin() as connection:
        for table, rows in clinic.truth.tables.items():
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert row == (len(rows),), table
        found = connection.execute("SELECT ssn FROM patients ORDER BY id").fetchall()
    assert [ssn for (ssn,) in found] == [p.ssn for p in clinic.truth.patients]


def test_the_ssn_is_unique(clinic: ClinicDatabase) -> None:
    with (
        clinic.admin() as connection,
        pytest.raises(psycopg.errors.UniqueViolation),
        connection.transaction(),
    ):
        connection.execute("UPDATE patients SET ssn = (SELECT ssn FROM patients WHERE id = 1) WHERE id = 2")


def test_a_clinic_that_is_there_isnt_loaded_again(clinic: ClinicDatabase) -> None:
    assert not ensure_clinic(clinic.server, Secret(PASSWORD), patients=PATIENTS)


def test_the_gateways_login_may_read_and_write_rows_and_nothing_else(clinic: ClinicDatabase) -> None:
    up = clinic.upstream
    with psycopg.connect(
        host=up.host, port=up.port, dbname=up.database, user=LOGIN, password=up.password.reveal(), autocommit=True
    ) as connection:
        row = connection.execute("SELECT count(*) FROM patient_summary").fetchone()
        assert row == (PATIENTS,)
        for refused in ("DROP TABLE notes", "CREATE TABLE x ()", "TRUNCATE notes", "CREATE TEMP TABLE x ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused.encode())
