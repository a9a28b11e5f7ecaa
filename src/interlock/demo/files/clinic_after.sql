-- After loading: indexes, and no more than the gateway's login needs.

CREATE UNIQUE INDEX patients_ssn_key ON patients (ssn);
CREATE INDEX patients_state_idx ON patients (state);
CREATE INDEX encounters_patient_id_idx ON encounters (patient_id);
CREATE INDEX encounters_department_id_idx ON encounters (department_id);
CREATE INDEX notes_patient_id_idx ON notes (patient_id);
CREATE INDEX notes_encounter_id_idx ON notes (encounter_id);
CREATE INDEX medications_patient_id_idx ON medications (patient_id);
CREATE INDEX claims_patient_id_idx ON claims (patient_id);

GRANT USAGE ON SCHEMA public TO interlock_clinic;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO interlock_clinic;
