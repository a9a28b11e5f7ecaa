"""The known labels: a tree written with dots. Policies may test any node; a catalog may use any node."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from interlock.model.label import Label

KNOWN: Mapping[Label, str] = MappingProxyType(
    {
        Label(name): meaning
        for name, meaning in {
            "phi": "protected health information (45 CFR 160.103)",
            "phi.name": "a person's name",
            "phi.name.given": "a given name",
            "phi.name.family": "a family name",
            "phi.address": "a postal address or part of one below the state",
            "phi.address.street": "a street and house number",
            "phi.address.city": "a city or county",
            "phi.address.zip": "a full ZIP code",
            "phi.address.facility": "a hospital, clinic or other facility",
            "phi.date": "a date tied to a person",
            "phi.date.birth": "a date of birth",
            "phi.date.death": "a date of death",
            "phi.date.service": "a date of admission, discharge or service",
            "phi.age": "an age",
            "phi.phone": "a telephone number",
            "phi.fax": "a fax number",
            "phi.email": "an e-mail address",
            "phi.ssn": "a social security number",
            "phi.mrn": "a medical record number",
            "phi.health_plan": "a health plan beneficiary number",
            "phi.account": "an account number",
            "phi.licence": "a certificate or licence number",
            "phi.vehicle": "a vehicle identifier or plate",
            "phi.device": "a device identifier",
            "phi.url": "a web address tied to a person",
            "phi.ip": "an IP address tied to a person",
            "phi.biometric": "a biometric identifier",
            "phi.photo": "a photograph",
            "phi.id": "any other number or code that is a person's own",
            "phi.clinical": "clinical content",
            "phi.clinical.diagnosis": "a diagnosis",
            "phi.clinical.medication": "a medication",
            "phi.clinical.lab": "a laboratory result",
            "phi.clinical.procedure": "a procedure",
            "phi.clinical.note": "a clinical note",
            "phi.claim": "an insurance claim",
            "phi.family": "something about relatives or household members",
            "pii": "personal information outside health care",
            "pii.name": "a person's name",
            "pii.email": "an e-mail address",
            "pii.phone": "a telephone number",
            "pii.address": "a postal address",
            "pii.birth": "a date of birth",
            "pii.ssn": "a social security number",
            "pii.passport": "a passport number",
            "pii.itin": "a taxpayer number",
            "pii.national_id": "a national identity number",
            "pii.ip": "an IP address",
            "pii.salary": "pay",
            "pci": "payment card data",
            "pci.pan": "a card number",
            "pci.cvv": "a card verification value",
            "pci.expiry": "a card's expiry date",
            "pci.iban": "an IBAN",
            "pci.routing": "a bank routing number",
            "pci.bank_account": "a bank account number",
            "secret": "a credential",
            "secret.password": "a password or its hash",
            "secret.token": "an access token",
            "secret.key": "a private or symmetric key",
            "secret.aws": "an AWS credential",
            "secret.aws.access_key": "an AWS access key",
            "secret.connection": "a connection string",
            "secret.jwt": "a JSON web token",
            "quasi": "identifies only together with other things",
            "quasi.zip3": "the first three digits of a ZIP code",
            "quasi.year": "a year",
            "quasi.gender": "gender",
            "quasi.race": "race or ethnicity",
            "quasi.occupation": "occupation",
            "quasi.facility": "a facility",
            "quasi.state": "a state or another part of a country",
            "quasi.country": "a country",
        }.items()
    }
)


def nearest(name: str) -> str | None:
    """The known label that `name` most resembles, for a message; None when none does."""
    close = get_close_matches(name, KNOWN, n=1, cutoff=0.5)
    return close[0] if close else None
