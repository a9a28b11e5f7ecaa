"""What holes are filled with: names, places, dates, numbers of made-up people of many countries."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from faker import Faker

from testkit.made_up.marked import Maker

LOCALES: tuple[str, ...] = (
    "en_US",
    "en_GB",
    "de_DE",
    "fr_FR",
    "es_ES",
    "es_MX",
    "it_IT",
    "nl_NL",
    "pl_PL",
    "sv_SE",
    "da_DK",
    "fi_FI",
)
LOCALES += ("no_NO", "pt_BR", "cs_CZ", "hu_HU", "tr_TR", "en_IN", "vi_VN", "fr_CA", "en_PH", "ro_RO", "hr_HR", "en_NG")
# Faker draws Italy's towns out of a set, in another order in each process.
_PLACED: tuple[str, ...] = tuple(each for each in LOCALES if each != "it_IT")
_FACILITY = "{place} General Hospital|St. {given}'s Hospital|{place} Clinic|{family} Memorial|{place} Medical Center"
_FACILITY += (
    "|Mount {place} Infirmary|{family} Family Practice|{place} Regional|Sacred Heart Hospital|{place} Urgent Care"
)
_FACILITY += "|University of {state} Hospital|Children's Hospital of {place}|{place} VA|{place} Rehab Center"
_DATES: tuple[str, ...] = (
    "%m/%d/%Y",
    "%B %d, %Y",
    "%Y-%m-%d",
    "%d %B %Y",
    "%b %d, %Y",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%d %b %Y",
    "%m/%d",
)
_DATES += ("%A, %B %d, %Y", "%b %d '%y", "%B %Y", "%m-%d-%Y", "%B %d")


class People:
    """Fills holes, the same way each time for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  the same each time is the point
        self._fakers = {each: Faker(each) for each in LOCALES}
        for at, each in enumerate(self._fakers.values()):
            each.seed_instance(seed * 1000 + at)

    def _anywhere(self, locales: Sequence[str] = LOCALES) -> Faker:
        american = self._random.random() < 0.4
        return self._fakers["en_US" if american else self._random.choice(locales)]

    def pick(self, *choices: str) -> str:
        """One of them."""
        return self._random.choice(choices)

    def digits(self, form: str) -> str:
        """`#` becomes a digit, `?` an upper-case letter, `*` either."""
        return "".join(
            self._random.choice("0123456789")
            if c == "#"
            else self._random.choice(string.ascii_uppercase)
            if c == "?"
            else self._random.choice(string.ascii_uppercase + string.digits)
            if c == "*"
            else c
            for c in form
        )

    def given(self) -> str:
        return self._anywhere().first_name()

    def family(self) -> str:
        return self._anywhere().last_name()

    def name(self) -> str:
        """As people are named in running text."""
        faker = self._anywhere()
        first, last = faker.first_name(), faker.last_name()
        forms = (f"{first} {last}",) * 5 + (f"{first} {last[0]}.", f"{first[0]}. {last}", f"{last}, {first}")
        return self.pick(*forms, f"{first} {self.digits('?')}. {last}", f"{first} {last}-{self.family()}")

    def titled(self) -> str:
        return f"{self.pick('Dr.', 'Dr', 'Mr.', 'Mrs.', 'Ms.', 'Prof.')} {self.pick(self.family(), self.name())}"

    def us_phone(self) -> str:
        area = self._random.randint(201, 989)
        rest = f"{self._random.randint(200, 999)}", f"{self._random.randint(0, 9999):04d}"
        return self.pick(
            f"({area}) {rest[0]}-{rest[1]}",
            f"{area}-{rest[0]}-{rest[1]}",
            f"{area}.{rest[0]}.{rest[1]}",
            f"+1 {area} {rest[0]} {rest[1]}",
            f"+1{area}{rest[0]}{rest[1]}",
            f"{area} {rest[0]} {rest[1]} ext. {self._random.randint(10, 999)}",
        )

    def ssn(self) -> str:
        area = self._random.choice([n for n in range(1, 899) if n != 666])
        return f"{area:03d}-{self._random.randint(1, 99):02d}-{self._random.randint(1, 9999):04d}"

    def date(self) -> str:
        day = date(1935, 1, 1) + timedelta(days=self._random.randint(0, 33_000))
        return day.strftime(self.pick(*_DATES))

    def ordinal_date(self) -> str:
        day = date(2015, 1, 1) + timedelta(days=self._random.randint(0, 4_000))
        ends = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
        return f"{day:%B} {day.day}{ends.get(day.day, 'th')}, {day.year}"

    def place(self) -> str:
        return self._anywhere(_PLACED).city()

    def us_place(self) -> str:
        american = self._fakers["en_US"]
        return self.pick(f"{american.city()}, {american.state_abbr()}", american.city())

    def address(self) -> str:
        """One line or several, as the country writes it."""
        made = self._anywhere(_PLACED).address()
        return made if self._random.random() < 0.4 else made.replace("\n", ", ")

    def street(self) -> str:
        return self._anywhere(_PLACED).street_address().replace("\n", " ")

    def facility(self) -> str:
        american = self._fakers["en_US"]
        return self.pick(*_FACILITY.split("|")).format(
            place=american.city(), given=american.first_name(), family=american.last_name(), state=american.state()
        )

    def email(self) -> str:
        return self._anywhere().ascii_email()

    def card(self) -> str:
        number = self._anywhere().credit_card_number()
        grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
        return self.pick(number, grouped, grouped.replace(" ", "-"))

    def mrn(self) -> str:
        return self.pick(
            *map(self.digits, ("#######", "######", "MR-######", "??######", "########", "##-##-##", "?#####"))
        )

    def member(self) -> str:
        return self.digits(self.pick("???#########", "??-######", "#####-##-####", "?########", "XZ#########"))

    def makers(self) -> Mapping[str, tuple[str, Maker]]:
        """By hole: the label of the gold, and what fills it."""
        american = self._fakers["en_US"]
        return {
            "name": ("NAME", self.name),
            "given": ("NAME", self.given),
            "family": ("NAME", self.family),
            "titled": ("NAME", self.titled),
            "phone": ("PHONE", self.us_phone),
            "fax": ("FAX", self.us_phone),
            "ssn": ("SSN", self.ssn),
            "date": ("DATE", self.date),
            "odate": ("DATE", self.ordinal_date),
            "place": ("LOCATION", self.place),
            "us_place": ("LOCATION", self.us_place),
            "country": ("LOCATION", american.country),
            "address": ("ADDRESS", self.address),
            "street": ("ADDRESS", self.street),
            "facility": ("LOCATION", self.facility),
            "email": ("EMAIL", self.email),
            "card": ("CREDIT_CARD", self.card),
            "iban": ("IBAN", lambda: self._anywhere().iban()),
            "mrn": ("MRN", self.mrn),
            "member": ("MEMBER_ID", self.member),
            "account": ("ACCOUNT", lambda: self.digits(self.pick("##########", "######-###", "AC########"))),
            "licence": ("LICENSE", lambda: self.digits(self.pick("?#######", "?###-####-####", "########"))),
            "vin": ("VIN", american.vin),
            "plate": ("LICENSE_PLATE", lambda: self.digits(self.pick("?##-???", "???-####", "#???###"))),
            "ip": ("IP", lambda: self.pick(american.ipv4(), american.ipv6())),
            "mac": ("MAC_ADDRESS", american.mac_address),
            "url": ("URL", lambda: f"https://{american.domain_name()}/{american.user_name()}"),
            "device": ("DEVICE_ID", lambda: self.digits(self.pick("SN-???-######", "SN########", "??##-#####-??"))),
            "zip": ("ZIP", american.zipcode),
            "age": ("", lambda: str(self._random.randint(18, 89))),
            "old_age": ("DATE", lambda: str(self._random.randint(90, 104))),
            "number": ("", lambda: str(self._random.randint(2, 400))),
        }
