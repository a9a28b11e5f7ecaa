"""What a field's name says of its value: `dob`, `firstName`, `PATIENT_MRN`, `home phone`, `addr1`.

A name counts by its words (`lastName`, `last_name`, `LAST-NAME` are the same), without words that say nothing
(`patient`, `primary`, `the`, numbers). One that may mean many things (`name`, `number`, `id`) counts only under or beside
a word that tells whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from interlock.model.label import Label

MAX_NAME: Final = 128  # characters; what is longer isn't a name

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_NOTHING_SAID: Final = frozenset(
    "the a an of for s primary secondary home work business legal current preferred main full value text raw str "
    "string no num number nbr nr code cd field col txt val enc encrypted my user usr person people subject member mbr "
    "patient pat pt client customer cust employee emp guarantor insured subscriber holder cardholder applicant "
    "contact emergency kin next relative spouse mother father parent guardian provider physician doctor attending "
    "referring practitioner nurse billing mailing shipping residential permanent postal student owner account_holder "
    "sender recipient payer payee tenant author resident beneficiary dependent policyholder".split()
)
_WHOSE: Final = frozenset(
    "user usr person people subject member mbr patient patients pat pt client customer cust employee emp guarantor insured "
    "subscriber holder cardholder applicant contact contacts emergency kin relative spouse mother father parent guardian "
    "provider physician doctor attending referring practitioner nurse student owner sender recipient payer payee tenant "
    "author resident beneficiary dependent policyholder caller agent staff".split()
)

_BY_LABEL: Final[Mapping[str, str]] = {
    "phi.name.given": "fname firstname first givenname given forename middlename middle mname mi middleinitial "
    "firstnm gname nickname",
    "phi.name.family": "lname lastname last surname familyname family maidenname maiden secondname lastnm sname",
    "phi.name": "fullname displayname patientname patname ptname cardholdername accountname holdername nameoncard "
    "physicianname doctorname providername contactname employeename customername membername clientname "
    "subscribername guarantorname insuredname emergencycontact nextofkin attending referringphysician suffixname "
    "mothersmaidenname maidenname aka signedby",
    "phi.address.street": "address addr address1 address2 addr1 addr2 addressline addressline1 addressline2 street "
    "streetaddress street1 street2 streetname line1 line2 apt apartment suite housenumber homeaddress mailingaddress",
    "phi.address.city": "city town county parish borough municipality district locality village cityname placeofbirth birthplace",
    "phi.address.zip": "zip zipcode zip5 zip4 zip9 zipplus4 postcode postalcode postal",
    "phi.address.facility": "facility facilityname hospital hospitalname clinic clinicname sitename",
    "phi.date.birth": "dob birthdate dateofbirth birthday bday dobdt birthdt birthtime",
    "phi.date.death": "dod deathdate dateofdeath deceaseddate deceaseddatetime",
    "phi.date.service": "admissiondate admitdate dischargedate dateofservice dos servicedate visitdate encounterdate "
    "appointmentdate surgerydate collectiondate orderdate resultdate examdate "
    "admitdt dischargedt servicedt visitdt",
    "phi.phone": "phone phones telephone tel telno mobile cell cellphone homephone workphone mobilephone phonenumber msisdn "
    "contactnumber callback daytimephone",
    "phi.fax": "fax faxnumber facsimile",
    "phi.email": "email mail emailaddress emailaddr emails eaddress",
    "phi.ssn": "ssn socialsecuritynumber socialsecurity socialsec socsec ssnum",
    "phi.mrn": "mrn medicalrecordnumber medicalrecord medrec medrecno medrecnum chartnumber mrno hospitalnumber "
    "patientid patid ptid patientnumber patientidentifier mpi empi",
    "phi.health_plan": "memberid healthplanid healthplan insuranceid policyid policynumber subscriberid beneficiaryid "
    "mbi hicn medicareid medicaidid medicare medicaid planmemberid insurancenumber insurancepolicy",
    "phi.account": "account acct accountid acctid accountnumber acctnumber acctno patientaccount billingaccount",
    "phi.licence": "licencenumber licensenumber driverslicense driverlicense drivinglicence dl dln dlnumber npi dea "
    "deanumber npinumber certificatenumber medicallicense",
    "phi.vehicle": "vin plate licenseplate licenceplate platenumber vehicleid registrationplate numberplate",
    "phi.device": "deviceid deviceserial serial serialnumber udi imei imsi mac macaddress deviceidentifier implantserial",
    "phi.ip": "ip ipaddress ipaddr clientip remoteip sourceip remoteaddr ipv4 ipv6 srcip",
    "phi.url": "website homepage personalurl profileurl linkedin facebook",
    "phi.biometric": "fingerprint retina voiceprint faceprint biometric biometrics",
    "phi.photo": "photo photograph picture portrait avatar headshot faceimage mugshot",
    "pii.passport": "passport passportnumber passportid passportno",
    "pii.itin": "itin tin taxid taxpayerid taxidentificationnumber",
    "pii.national_id": "nationalid nin nino nationalinsurance nhsnumber nhs steuerid personnummer cpf dni nie codicefiscale",
    "pci.pan": "pan creditcard cardnumber ccnumber ccnum ccno creditcardnumber debitcard cardno",
    "pci.cvv": "cvv cvc cvv2 cvc2 csc cardverification securitycode",
    "pci.expiry": "cardexpiry expiry ccexp cardexpiration expirydate cardexp",
    "pci.iban": "iban",
    "pci.routing": "routing routingnumber aba abarouting sortcode",
    "pci.bank_account": "bankaccount bankaccountnumber bankacct",
    "secret.password": "password passwd pwd pass passphrase passwordhash passcode pin secretanswer",
    "secret.token": "token accesstoken refreshtoken authtoken sessiontoken bearer apitoken idtoken sessionid cookie",
    "secret.key": "apikey secretkey secret clientsecret privatekey accesskey encryptionkey signingkey masterkey",
    "secret.connection": "connectionstring connstr databaseurl dsn dburl",
    "quasi.gender": "gender sex",
    "quasi.race": "race ethnicity ethnicgroup",
    "quasi.occupation": "occupation jobtitle profession",
    "quasi.state": "state province stateprovince",
    "quasi.country": "country countrycode nationality",
}
# Two words: what is said, and what it is said of (`family` alone is a name part; `family history` isn't).
_KNOWN: Final[Mapping[str, Label]] = {w: Label(name) for name, words in _BY_LABEL.items() for w in words.split()}
# Names that mean this only under something about people (`name: {first: ...}`, `patient: {name: ...}`).
_ONLY_THERE: Final = frozenset("first last middle given family mi second".split())
_NAMELIKE_ABOVE: Final = frozenset({"name", "names", "humanname"})
_DIGITLESS: Final = frozenset(
    ("phi.name", "phi.name.given", "phi.name.family", "phi.address.city", "phi.address.facility", "quasi.gender")
)
# Labels whose values have a digit; `phone: yes`, `account: primary` aren't one.
_WITH_DIGIT: Final = (
    "phi.phone", "phi.fax", "phi.ssn", "phi.mrn", "phi.health_plan", "phi.account", "phi.licence", "phi.vehicle",
    "phi.device", "phi.address.zip", "phi.date", "pii.", "pci.",
)  # fmt: skip
_NO_VALUE: Final = frozenset(
    "n/a na none null nil unknown unspecified true false yes no y n - -- ? tbd redacted masked".split()
)


def label_of_field(name: str, above: str, value: str) -> Label | None:
    """What the name (and that of the object above it) says of a value; None where it says nothing, or where the value
    can't be one: empty, `N/A`, a phone without digits. Ages count from 90 on (45 CFR 164.514(b)(2)(i)(C))."""
    if not name or len(name) > MAX_NAME:
        return None
    plain = value.strip().casefold()
    if not plain or plain in _NO_VALUE:
        return None
    label = label_of_name(name, above[:MAX_NAME])
    if label is None:
        return _age(name, plain)
    return label if _possible(label, plain) else None


@lru_cache(maxsize=4096)
def label_of_name(name: str, above: str = "") -> Label | None:
    """The same of the name alone."""
    words = words_of(name)
    if not words:
        return None
    whole = "".join(words)
    over = words_of(above)
    if found := _KNOWN.get(whole):
        if whole in _ONLY_THERE and not (set(over) & (_NAMELIKE_ABOVE | _WHOSE)):
            return None
        return found
    if whole == "name" or (words[-1] == "name" and set(words[:-1]) <= _NOTHING_SAID):
        return Label("phi.name") if set(words[:-1]) & _WHOSE or set(over) & _WHOSE else None
    said = [w for w in words if w not in _NOTHING_SAID and not w.isdigit()]
    short = "".join(said)
    if said and short != whole and (found := _KNOWN.get(short)) and short not in _ONLY_THERE:
        return found
    if len(said) >= 2 and (found := _KNOWN.get("".join(said[-2:]))):
        return found
    return None


def words_of(name: str) -> tuple[str, ...]:
    """A name's words in lower case: `patientMRN` is patient, mrn."""
    return tuple(w.casefold() for w in _WORD.findall(name))


def _possible(label: Label, plain: str) -> bool:
    if label == "quasi.state":  # else a state of affairs
        return len(plain) == 2
    if label.startswith(_WITH_DIGIT):
        return any(c.isdigit() for c in plain)
    if label in _DIGITLESS:
        return any(c.isalpha() for c in plain)
    return True


def _age(name: str, plain: str) -> Label | None:
    words = words_of(name)
    if "age" not in words and "ages" not in words:
        return None
    digits = plain.split(".")[0].removesuffix(" years").removesuffix("y")
    return Label("phi.age") if digits.isdecimal() and len(digits) < 4 and int(digits) > 89 else None
