"""The lexicon of column names: words that people call columns by, in English, German, French and Spanish.

A phrase is words with `_` between them, lower case, without accents. Of overlapping phrases the longest counts. A
column may be written in any way (`patient_dob`, `PatientDOB`, `patientdob`): `column_names` takes it apart first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from interlock.model.label import Label


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PHRASES: Final = {
    "phi.name": """
        full_name fullname display_name legal_name preferred_name nick_name nickname maiden_name alias aka initials
        patient_name pt_name pat_name member_name subscriber_name insured_name guarantor_name beneficiary_name
        next_of_kin emergency_contact kin spouse mother father guardian caregiver signature signed_by
        mothers_maiden_name nom_complet nombre_completo vollname rufname geburtsname ansprechpartner
        nom_prenom name_suffix name_prefix attending_physician referring_physician referring_provider
        attending referrer surgeon pcp
    """,
    "phi.name.given": """
        first_name given_name fname firstname forename first_nm given_names middle_name middle_initial mname mi_name
        vorname vornamen prenom prenoms primer_nombre segundo_nombre nombre_pila christian_name
    """,
    "phi.name.family": """
        last_name family_name lname surname lastname last_nm sname second_name nachname familienname zuname
        nom_famille nom_de_famille nom_usage nom_naissance apellido apellidos apellido_paterno apellido_materno
    """,
    "phi.date.birth": """
        dob birth birthday birthdate birth_date birth_dt date_of_birth bdate bday born born_on d_o_b birth_dttm
        geburtsdatum geburtstag geb_datum geb_dat gebdat geboren naissance date_naissance date_de_naissance ddn
        nacimiento fecha_nacimiento fecha_de_nacimiento fec_nac birth_year year_of_birth yob
    """,
    "phi.date.death": """
        dod death_date date_of_death deceased_date death_dt deceased_at died_on deathdate todesdatum sterbedatum
        date_deces deces fallecimiento fecha_fallecimiento defuncion
    """,
    "phi.date.service": """
        dos service_date date_of_service visit_date visit_dt admit_date admit_dt admission_date date_admitted admitted
        admitted_at discharge_date discharge_dt discharged_at encounter_date appointment_date appointment appt appt_date
        surgery_date procedure_date collected_date collection_date specimen_date onset_date exam_date
        aufnahmedatum entlassdatum entlassungsdatum behandlungsdatum termin date_entree date_sortie date_admission
        fecha_ingreso fecha_alta fecha_cita fecha_consulta
    """,
    "phi.age": "age age_years age_at_visit alter_jahre lebensalter edad age_yrs",
    "phi.address": """
        address addr home_address mailing_address street_address postal_address residence residential_address
        billing_address shipping_address addr_line address_line anschrift adresse adr wohnanschrift domicile direccion
        domicilio
    """,
    "phi.address.street": """
        street street_name house_number house_no strasse str_nr hausnummer hausnr rue calle numero_calle
        apartment apt apt_no po_box postbox postfach street_line
    """,
    "phi.address.city": """
        city town village county municipality parish ort wohnort stadt gemeinde landkreis ville commune ciudad municipio
        localidad poblacion neighborhood neighbourhood precinct
    """,
    "phi.address.zip": """
        zip zip_code zipcode zip_4 postal_code postalcode
        latitude longitude lat lng geo_location gps coordinates geolocation lat_lng lat_long
    """,
    "phi.address.postcode": """
        post_code postcode plz postleitzahl code_postal codigo_postal cod_postal
    """,
    "phi.address.facility": """
        facility facility_name hospital hospital_name clinic_name ward_name practice_name krankenhaus klinik hopital
        clinique
    """,
    "quasi.zip3": "zip_3 zip_prefix",
    "quasi.state": "home_state state_of_residence state_of_birth birth_state bundesland",
    "quasi.country": """
        country_of_birth birth_country nationality citizenship staatsangehoerigkeit nationalite nacionalidad
    """,
    "phi.phone": """
        phone phone_number phone_no phone_num telephone tel tel_no tel_nr telno cell cell_phone cellphone mobile
        mobile_phone mobile_number home_phone work_phone daytime_phone msisdn pager whatsapp telefon telefonnummer
        telefonnr tel_nummer handy handynummer mobil mobilnummer mobiltelefon rufnummer telephone_portable portable
        telefono movil celular fono contact_number contact_no
    """,
    "phi.fax": "fax fax_number fax_no faxnummer telefax telecopie fax_num",
    "phi.email": """
        email e_mail email_address email_addr mail_address emailaddress mail_addr courriel correo correo_electronico
        emailadresse mailadresse adresse_mail adresse_email mel email_id
    """,
    "phi.ssn": """
        ssn social social_security social_security_number social_security_no soc_sec soc_sec_no social_sec ss_number
        ss_no ssn_last_4 last_4_ssn last_4_of_ssn ssn_4 last_4 tax_payer_id taxpayer_id tin
    """,
    "phi.mrn": """
        mrn mr_no mr_number medical_record medical_record_number med_rec med_rec_no medrec chart_no chart_number
        hospital_number hospital_no patient_number patient_no pat_no mpi empi emr_id ehr_id patientennummer patientennr
        fallnummer ipp numero_dossier numero_patient historia_clinica numero_historia nhc accession accession_number
        accession_no specimen_id
    """,
    "phi.health_plan": """
        plan_id health_plan health_plan_id member_id member_no member_number insurance_id insurance_no insurance_number
        insurance_member_id subscriber_id subscriber_no policy_no policy_number policy_id beneficiary_id beneficiary_no
        mbi hicn medicare medicare_id medicare_no medicaid medicaid_id medicaid_no group_no group_number rx_bin rx_grp
        rx_pcn payer_id_no versichertennummer versicherungsnummer kvnr krankenkasse krankenversichertennummer
        numero_assure mutuelle numero_adherent poliza numero_poliza seguro_medico numero_afiliado
    """,
    "phi.account": """
        acct acct_no acct_num acct_number account_no account_number account_num account_id patient_account
        guarantor_account customer_number customer_no cust_no kundennummer kundennr numero_client numero_compte
        numero_cliente loyalty_number loyalty_no frequent_flyer invoice_account har csn
    """,
    "phi.licence": """
        license license_no license_number licence licence_no licence_number driver_license drivers_license
        driving_licence
        dl_no dl_number dln dea dea_no dea_number npi npi_no npi_number provider_npi upin medical_license cert_no
        certificate_no certificate_number fuehrerschein fuehrerscheinnummer permis permis_conduire licencia
        licencia_conducir lanr bsnr rpps adeli
    """,
    "phi.vehicle": """
        vin vehicle_id vehicle_no plate license_plate licence_plate number_plate registration_plate kennzeichen
        immatriculation matricula fahrgestellnummer
    """,
    "phi.device": """
        device_id device_serial serial_no serial_number imei imsi udi mac_address mac_addr implant_serial device_uuid
        advertising_id idfa gaid android_id ua user_agent useragent fingerprint_id geraetenummer seriennummer
    """,
    "phi.url": "url website web_site homepage web_page personal_url linkedin twitter facebook instagram social_media",
    "phi.ip": "ip ip_address ip_addr ipaddr ipv ipv_4 ipv_6 remote_addr remote_ip client_ip source_ip src_ip last_ip",
    "phi.biometric": """
        fingerprint finger_print retina iris voice_print voiceprint face_id faceprint biometric dna genome
        genotype palm_print
        face_embedding
    """,
    "phi.photo": "photo photograph picture portrait headshot selfie face_image avatar mugshot foto lichtbild",
    "phi.id": """
        username user_name login login_name user_login screen_name handle national_no id_number id_no
        identification_number
        ausweis identificacion external_patient_id study_subject_no case_number case_no aktenzeichen
    """,
    "phi.clinical.diagnosis": """
        diagnosis diagnoses dx diag icd icd_9 icd_10 icd_11 diag_code dx_code diagnosis_code snomed problem problem_list
        condition_code allergy allergies symptom symptoms chief_complaint cc_text comorbidity hiv_status cause_of_death
        diagnose diagnosen befund diagnostic diagnostico sintomas alergia alergias allergie disease disability
        pregnancy_status smoking_status mental_health
    """,
    "phi.clinical.medication": """
        medication medications med_name drug drug_name rx prescription prescriptions ndc rxnorm dose dosage sig
        medikament medikation arznei dosierung medicament ordonnance posologie medicamento receta dosis vaccine
        immunization
    """,
    "phi.clinical.lab": """
        lab lab_result lab_value lab_test loinc test_result result_value a1c hba1c hemoglobin cholesterol glucose
        blood_type blood_group bmi blood_pressure bp systolic diastolic heart_rate laborwert labor_wert blutgruppe
        resultat_labo resultado_laboratorio viral_load cd_4
    """,
    "phi.clinical.procedure": """
        procedure procedure_code cpt hcpcs px_code surgery operation_code ops_code procedimiento
    """,
    "phi.clinical.note": """
        note notes clinical_note progress_note progress_notes hpi soap assessment impression narrative history
        medical_history patient_history family_history anamnese anamnesis arztbrief epikrise verlauf antecedents
        discharge_summary findings radiology_report pathology_report notiz notizen nota notas observaciones_medicas
    """,
    "phi.claim": "claim_no claim_number claim_id claim_amount icn dcn eob copay deductible",
    "phi.family": "relationship relative relatives children dependents family_member household emergency_relationship",
    "pii.passport": "passport passport_no passport_number reisepass reisepassnummer passeport pasaporte pass_nr",
    "pii.itin": "itin individual_taxpayer",
    "pii.national_id": """
        national_id national_insurance nino nhs_no nhs_number sin social_insurance_number aadhaar aadhar curp cpf bsn
        dni nie nif nir nss rfc numero_secu num_secu numero_securite_sociale securite_sociale seguridad_social
        personalausweis personalausweisnummer ausweisnummer svnr sozialversicherungsnummer rvnr steuer_id steuerid
        steuernummer steueridentifikationsnummer idnr codice_fiscale pesel personnummer
    """,
    "pii.salary": """
        salary wage wages pay_rate compensation base_pay annual_income income gross_pay net_pay hourly_rate bonus
        gehalt lohn einkommen salaire revenu salario sueldo nomina
    """,
    "pci.pan": """
        card_number card_no card_num cc_number cc_num cc_no ccnum credit_card creditcard credit_card_number debit_card
        pan card_pan kreditkarte kreditkartennummer carte_bancaire numero_carte tarjeta numero_tarjeta
    """,
    "pci.cvv": "cvv cvv_2 cvc cvc_2 csc card_verification security_code card_code",
    "pci.expiry": "card_exp card_expiry cc_exp cc_expiry card_expiration exp_month exp_year expiry_month expiry_year",
    "pci.iban": "iban",
    "pci.routing": "routing routing_no routing_number aba aba_no aba_number sort_code swift bic blz bankleitzahl",
    "pci.bank_account": """
        bank_account bank_acct bank_account_number checking_account savings_account kontonummer konto_nr
        numero_compte_bancaire cuenta_bancaria numero_cuenta
    """,
    "secret.password": """
        password passwd pwd pass_hash password_hash pass_phrase passphrase passcode pin pin_code pw_hash hashed_password
        passwort kennwort mot_de_passe motdepasse mdp contrasena clave_acceso security_answer secret_answer salt
        recovery_code
    """,
    "secret.token": """
        token access_token refresh_token auth_token bearer_token api_token session_token reset_token id_token oauth
        session_key cookie otp otp_secret totp totp_secret mfa_secret webhook_secret client_secret secret
    """,
    "secret.key": "api_key apikey private_key secret_key encryption_key signing_key ssh_key access_key pem",
    "secret.connection": "connection_string conn_str database_url dsn jdbc_url",
    "quasi.gender": "gender sex sexe sexo genero geschlecht pronouns gender_identity sexual_orientation",
    "quasi.race": "race ethnicity ethnic ethnic_group raza etnia ethnie tribe",
    "quasi.occupation": """
        occupation profession job_title employer employer_name beruf arbeitgeber metier ocupacion profesion
    """,
    "quasi.facility": "department_of_care unit_name",
}

LEXICON: Final[Mapping[str, Label]] = MappingProxyType(
    {phrase: Label(label) for label, phrases in _PHRASES.items() for phrase in phrases.split()}
)
"""Each phrase and what a column that is called so holds."""

FREE_TEXT: Final = _set("""comment comments remark remarks description descr text body message memo details
reason free_text freetext
    observation observations instructions summary bemerkung bemerkungen kommentar beschreibung freitext grund
    commentaire commentaires remarque remarques texte motif comentario comentarios observaciones descripcion
    texto motivo
    content payload transcript annotation feedback""")
"""Words of columns that people write into: nobody knows what."""

NAME_WORDS: Final = _set("name nm nom nombre namen noms names")
"""A name of somebody or of something: other words tell."""

PEOPLE: Final = _set("""patient patients pt pat person persons people personnel user users customer customers
cust client clients member
    members employee employees emp staff contact contacts provider providers physician physicians doctor doctors nurse
    nurses subscriber subscribers beneficiary beneficiaries insured guarantor guardian guardians dependent dependents
    relative relatives resident residents student students teacher teachers applicant applicants candidate candidates
    donor donors volunteer volunteers subject subjects participant participants author authors owner owners sender
    recipient lead leads prospect prospects profile profiles caregiver caregivers spouse mother father child parent
    sibling kin holder cardholder requester reviewer approver agent attendee guest tenant buyer seller borrower
    patienten kunde kunden mitarbeiter personen benutzer versicherte versicherter mitglied mitglieder arzt aerzte
    angehoerige personne personnes utilisateur utilisateurs employe employes assure assures medecin medecins salarie
    paciente pacientes cliente clientes persona personas usuario usuarios empleado empleados asegurado asegurados medico
    medicos contacto""")
"""Words for people, as tables and columns are called by them."""

ABOUT: Final = _set("""count counts cnt type types kind kinds flag verified confirmed status enabled disabled
opt optin optout length
    format valid validated required template present missing exists available preference preferred allowed visible
    hidden sent seen changed updated source method channel category level score version""")
"""What a column says about something else that isn't in it: `email_verified`, `phone_type`."""

ASKING: Final = _set("is has had can should allow allows show shows needs requires num total count was did")
"""The same, in front: `has_ssn`, `is_email_valid`."""

REFERENCES: Final = _set("id ids key fk ref guid uuid oid pk index idx")
"""What a column that points at a row ends in."""

GLUE: Final = _set("""id no nr num number nummer numero code dt date datum fecha txt val value home work
primary secondary main new old
    current previous former last first line temp raw orig enc encrypted plain hashed customer patient member employee
    contact user client billing shipping mailing legal""")
"""Words that stand beside others when a name is written in one piece."""
