-- The demo clinic's schema. No defaults that compute, no cascades, no triggers: what a statement says is what happens.

CREATE TABLE departments (
    id    bigint PRIMARY KEY,
    name  text NOT NULL,
    floor integer NOT NULL
);

CREATE TABLE staff (
    id            bigint PRIMARY KEY,
    given_name    text NOT NULL,
    family_name   text NOT NULL,
    role          text NOT NULL,
    email         text NOT NULL,
    department_id bigint NOT NULL REFERENCES departments (id)
);

CREATE TABLE patients (
    id                  bigint PRIMARY KEY,
    mrn                 text NOT NULL UNIQUE,
    ssn                 text NOT NULL,
    given_name          text NOT NULL,
    family_name         text NOT NULL,
    birth_date          date NOT NULL,
    sex                 text NOT NULL CHECK (sex IN ('female', 'male')),
    phone               text NOT NULL,
    email               text NOT NULL,
    street              text NOT NULL,
    city                text NOT NULL,
    state               text NOT NULL,
    zip                 text NOT NULL,
    insurance_member_id text NOT NULL,
    preferences         jsonb NOT NULL,
    created_at          timestamptz NOT NULL
);

CREATE TABLE encounters (
    id             bigint PRIMARY KEY,
    patient_id     bigint NOT NULL REFERENCES patients (id),
    department_id  bigint NOT NULL REFERENCES departments (id),
    staff_id       bigint NOT NULL REFERENCES staff (id),
    kind           text NOT NULL,
    started_at     timestamptz NOT NULL,
    ended_at       timestamptz NOT NULL CHECK (ended_at >= started_at),
    reason         text NOT NULL,
    diagnosis_code text NOT NULL
);

CREATE TABLE notes (
    id           bigint PRIMARY KEY,
    encounter_id bigint NOT NULL REFERENCES encounters (id),
    patient_id   bigint NOT NULL REFERENCES patients (id),
    author_id    bigint NOT NULL REFERENCES staff (id),
    written_at   timestamptz NOT NULL,
    body         text NOT NULL
);

CREATE TABLE medications (
    id           bigint PRIMARY KEY,
    patient_id   bigint NOT NULL REFERENCES patients (id),
    encounter_id bigint NOT NULL REFERENCES encounters (id),
    drug         text NOT NULL,
    dose         text NOT NULL,
    started_on   date NOT NULL
);

CREATE TABLE claims (
    id           bigint PRIMARY KEY,
    patient_id   bigint NOT NULL REFERENCES patients (id),
    encounter_id bigint NOT NULL REFERENCES encounters (id),
    payer        text NOT NULL,
    member_id    text NOT NULL,
    amount       numeric(10, 2) NOT NULL CHECK (amount >= 0),
    status       text NOT NULL,
    submitted_on date NOT NULL
);

CREATE VIEW patient_summary AS
SELECT p.id, p.mrn, p.given_name, p.family_name, p.birth_date, p.state,
       count(e.id) AS encounters, max(e.started_at) AS last_seen
  FROM patients p LEFT JOIN encounters e ON e.patient_id = p.id
 GROUP BY p.id;

CREATE VIEW department_load AS
SELECT d.id, d.name, count(e.id) AS encounters
  FROM departments d LEFT JOIN encounters e ON e.department_id = d.id
 GROUP BY d.id, d.name;
