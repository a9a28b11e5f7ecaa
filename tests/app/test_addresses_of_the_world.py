"""Addresses and places of many countries and styles, written by hand: found without the language model.

Odd lines were never looked at while rules were written; even ones were. Both are measured, and neither may get worse.
`[[...]]` marks what must be hidden.
"""

from __future__ import annotations

import re
from typing import Final

import pytest

from interlock.app.detecting import load_engine
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine

ADDRESSES: Final = r"""
Ship to: Marta Okafor\n[[4471 Brindle Hollow\nUnit 6\nEast Kettering, OH 44118]]
[[77 Wharncliffe Cres, Harrogate HG1 5QT]]
[[Friedensallee 218b\n22763 Hamburg]]
[[12 bis, rue des Tanneurs, 38000 Grenoble]]
[[C/ Alcalá 215, 3º B, 28028 Madrid]]
[[Via Cesare Battisti, 14 - 40123 Bologna (BO)]]
[[ul. Mickiewicza 12/4, 31-120 Kraków]]
[[Storgata 44, 9008 Tromsø]]
[[Vesterbrogade 88, 3. tv, 1620 København V]]
[[Prinsengracht 263-267, 1016 GV Amsterdam]]
[[Rua Augusta 1508, Consolação, São Paulo - SP, 01304-001]]
[[Av. Insurgentes Sur 1602, Col. Crédito Constructor, 03940 Ciudad de México]]
[[Mannerheimintie 12 A 5, 00100 Helsinki]]
[[Kossuth Lajos utca 22., 6720 Szeged]]
[[Na Příkopě 853/12, 110 00 Praha 1]]
[[Atatürk Cad. No: 45 D: 8, 35210 Konak/İzmir]]
[[Bd. Unirii nr. 61, bl. F3, ap. 12, București 030828]]
[[Ilica 242, 10000 Zagreb]]
[[14/2 MG Road, Ashok Nagar, Bengaluru 560001]]
[[Flat 3, 19 Beaumont Rise, Marlow SL7 1EA]]
[[Lot 7 Koonawarra Drive, Wollongong NSW 2530]]
[[Unit 4, 88 Jetty Rd\nGlenelg SA 5045]]
[[1020 rue Sherbrooke O, Montréal (Québec) H3A 1G5]]
[[PO Box 5511, Whitehorse, YT Y1A 5L3]]
[[1-7-1 Konan, Minato-ku, Tokyo 108-0075]]
[[B-42, Sector 18, Noida, Uttar Pradesh 201301]]
[[23 Adeola Odeku Street, Victoria Island, Lagos]]
[[123 Đường Lê Lợi, Phường Bến Thành, Quận 1, TP. Hồ Chí Minh]]
[[Blk 211 Ang Mo Kio Ave 3 #08-1456 Singapore 560211]]
[[Sector Las Lomas, casa 14, Heredia]]
[[3309 OAK GROVE TRCE APT 2207, PORT LINDEN TX 77541]]
[[rr 2 box 88, millbury vt 05401]]
[[9 Weaver's Knoll\nNorth Haldane, NH 03071]]
[[508 s. 14th st., #3, lake orrin, wi 53901]]
[[2210 Juniper Crossing Blvd Ste 400\nBrackenridge, PA 15014-2210]]
[[Hs. Nr. 7, Gartenweg, A-5020 Salzburg]]
[[Bahnhofstrasse 3, CH-8001 Zürich]]
[[Rue de la Loi 16, 1000 Bruxelles]]
[[Grote Markt 9 bus 2, 2000 Antwerpen]]
[[17, allée des Peupliers\nBât. C\n13090 Aix-en-Provence]]
[[Πατησίων 76, Αθήνα 104 34]]
[[Drottninggatan 71B, lgh 1203, 111 36 Stockholm]]
[[Travessa do Carmo 11 r/c Esq, 1200-095 Lisboa]]
[[Calle 93 # 14-20, Bogotá]]
[[Jr. de la Unión 1045, Cercado de Lima]]
[[ulica Slobode 27, 21000 Novi Sad]]
[[House 12, Road 27, Dhanmondi, Dhaka 1209]]
[[Plot 15, Kampala Road, Kampala]]
[[221B Baker St., London NW1 6XE, UK]]
[[The Old Rectory, Church Lane, Little Wenham, Suffolk CO7 6QB]]
[[45 Rose Cottages\nTregarth\nBangor\nLL57 4PL]]
[[700 Cedar Bluff Loop, Fort Alden, MT 59401-1120]]
[[5 Quayside Walk, Cobh, Co. Cork]]
[[18 Te Anau Place, Rotorua 3015, New Zealand]]
[[66 Long Street, Cape Town, 8001]]
[[Kungälvsvägen 19, SE-442 34 Kungälv]]
[[Am Sandtorkai 32, D-20457 Hamburg]]
[[Piazza Garibaldi, 3\n80142 Napoli NA]]
[[4 Hibiscus Heights, Ocho Rios, St. Ann, Jamaica]]
[[11820 Sable Ridge\nWest Torrance MI 48099]]
"""
"""One address a line; `\\n` is a line end."""
SENTENCES: Final = r"""
-- \nDana Whitlock | Claims Team\nHarbor Mutual\n[[1200 Pemberton Pike, Ste 310, Lake Forrest, IL 60045]]
City: [[Ulvermouth]]   State: [[OR]]   Zip: [[97465]]
Address 1: [[82 Gallows Hill]]\nAddress 2: [[Apt 9]]\nTown: [[New Brackley]]
she moved to [[port sallow]] last year with her kids
pls deliver 2 [[44 birch hollow rd, east minot, me 04258]] thx
SHIP TO: [[2917 TALLOW BEND, SOUTH HARGROVE, GA 31701]]
home_address=[["515 Quillan Way, Elkport, IA 52043"]]
He was transferred to [[Brandt County Memorial]] overnight for a higher level of care.
Seen at [[Lakeshore Family Practice]] for a wound check, then sent to [[Wexley Urgent Care]].
Her oncologist works at the [[University of Delmarva Hospital]].
The child was flown to [[Children's Hospital of Port Ellery]] by helicopter.
Rehab at [[Northbrook Rehab Center]] went well and he is home in [[Northbrook]] now.
Referred from [[Hollister VA]] for a second opinion.
I was born in [[Szentgotthárd]] and grew up near [[Győr]].
Mein Büro ist in der [[Lindenstraße 4, 10969 Berlin]].
Nous habitons au [[27 rue du Faubourg-Saint-Denis, 75010 Paris]].
Vivo en [[calle Serrano 61, Madrid]], pero trabajo en [[Toledo]].
Abito in [[via Garibaldi 8, Torino]] da tre anni.
Mieszkam przy [[ul. Długiej 15, 00-238 Warszawa]].
Jag bor på [[Sveavägen 98 i Stockholm]].
My parents live at [[19 Orchard Mews]], just behind the church.
We met at [[600 Cobbler's Reach]] on [[June 3rd]] to sign the deed.
The courier left it at [[3 Dunmore Glens]] instead of [[5 Dunmore Glens]].
Patient resides in [[Kessler Township]], [[Otter Tail County]].
Discharge planned to [[Maple Terrace Nursing Home]] on [[4/17]].
{"street": [["14 Farrier's Row"]], "city": [["West Ashby"]], "state": [["DE"]], "postal_code": [["19901"]]}
city,state,zip\n[[Marrowgate]],[[TN]],[[37040]]
INSERT INTO visits (city, visit_date, zip) VALUES ('[[Tarnville]]', '[[2023-08-14]]', '[[64101]]');
| Name | City | ZIP |\n|---|---|---|\n| x | [[Bellhaven]] | [[98225]] |
zip: [[30309]]
Return address: [[Hof ter Beke 12, 2030 Antwerpen]]
The clinic's new site is [[41 Station Parade, Epsom]].
I'm staying at the [[Grand Meridian Hotel, 8 Quai Voltaire]] until [[Friday]].
her mother drove in from [[South Tillman, AR]] that night
Transferred from [[Adair Regional]] to [[St. Brendan's]] on [[03/11/2022]].
Pt from [[New Caldwell, NM]], retired miner.
He works as a guard at [[Stonegate Correctional Facility]].
PCP at [[Elm Park Health Center]]; dialysis at [[DaVita Crestline]].
They came over from [[Huntsford]] and now live in [[Lower Benning]].
Billing: [[po box 771, cranmere ma 01515]]
Lab drawn at [[Quarry Road Clinic]] on [[12 Feb]].
the accident happened at the corner of [[Fulton and 9th]] around noon
emergency contact lives across the street at [[18 Pell]].
Office: [[Rm 4.12, 77 Long Acre, London WC2E 9JT]]
Tel. on file; [[Brixton Hill 204]], [[London]].
Pick up at [[Terminal Road 3, Brisbane QLD 4008]].
He was admitted to [[Mercy General]] on [[the 5th of May]] and left on [[May 9]].
Follow-up in [[Dr. Patel's]] office in [[Fort Winslow]] on [[Tuesday, March 3]].
DOB [[7-Nov-1961]]; last visit [[Aug '22]].
Son lives in [[Gdynia]], daughter in [[Port-au-Prince]].
APPT [[05/06/24]] AT [[GRANDVIEW MEDICAL CENTER]] BLDG B
LOCATION: [[RIVERTON CLINIC]]  DATE: [[20240112]]
we shipped it to [[Rua das Flores 73, Porto]] on [[15.03.2024]]
Service address [[1 Mill Lane, Little Chalfont HP8 4AB]]; meter read [[2 Jan]].
Sent from my phone\nKyle Arden, [[Wattsburgh, PA]]
Wir treffen uns am [[Marktplatz 5]] in [[Tübingen]].
[[Lot 22, Wattle Grove, Dubbo NSW 2830]] is the property in question.
Employer: Harlan Freight, [[9 Depot Rd, Kelso]].
nursing home resident at [[willow creek manor]] since [[2/2021]]
Evaluated at [[Tri-Cities Orthopedic Group]] in [[Pasco, WA]].
"""
"""Mails, forms, chat, tables, notes."""
CLEAN: Final = r"""
What do the Mayo Clinic guidelines say about statins in adults over 75?
According to data from January 2023, RSV vaccination cut admissions by 80%.
A trial published in March 2021 compared dapagliflozin with placebo.
Is the Boston criteria version 2.0 valid for cerebral amyloid angiopathy?
The FDA approved lecanemab in July 2023 for early Alzheimer disease.
CDC recommendations as of October 2022 for Paxlovid?
Johns Hopkins data show a decline in mortality since 2020.
Compare the Cleveland Clinic risk calculator with QRISK3.
How common is Lyme disease in Connecticut?
The New England Journal of Medicine paper from June 2019 on aspirin.
Ottawa ankle rules sensitivity in children under 10?
Take 2 tablets by mouth every 12 hours for 10 days.
Sodium 138, potassium 4.1, chloride 101, bicarbonate 24.
The Wells score was 4 and the Geneva score 6.
Room 5 is free after 3 pm; please clean bed 12.
Version 10 of Windows Server 2019 needs 4 GB of memory.
Page 12 of 48, Table 3, Figure 2.
Press 1 for billing or 2 for appointments.
Give 500 mL normal saline over 30 minutes, then recheck.
Order 3 pizzas and 12 bottles of water for the team.
The main road to recovery is long, says chapter 4.
Chapter 11 covers 45 CFR 164.514 and section 3 of the Act.
Model X100 ships with 16 cores and 64 lanes.
Grade 3 of 5 strength in the left arm, reflexes 2+ throughout.
BRCA1 and HER2 are tested in stage 2 disease.
May I increase the dose in 2 weeks?
She runs 5 miles a day and drinks 2 glasses of wine.
Latest literature since 2022 on GLP-1 agonists in kidney disease?
The EINSTEIN trial enrolled 3449 patients in 38 countries.
Updated guidance from NICE published November 2021 on hypertension.
The patient sleeps 6 hours and walks 30 minutes.
CHADS2 of 3, HAS-BLED 2, INR 2.4.
ECOG 1, T2N1M0, Gleason 3 + 4 = 7.
The package has 12 files, 3 tests and 1 license.
Commit 4 of 9: fix the parser for nested lists.
Heart rate 88, respiratory rate 18, oxygen saturation 97 on 2 L.
Metformin 1000 mg, lisinopril 20 mg, aspirin 81 mg daily.
See Smith et al., Lancet 2018, volume 391, pages 20 to 30.
Is surgery Monday to Friday only in most hospitals?
Type 2 diabetes, stage 3 CKD, class II heart failure.
"""
"""Nothing in these is anybody's."""


@pytest.fixture(scope="module")
def engine() -> TextEngine:
    return load_engine(frozenset(Layer) - {Layer.NER}, year=2026)


def _read(line: str) -> tuple[str, set[int]]:
    """The text without its marks, and the places of the letters and figures that they hold."""
    pieces, hidden, length = [], set[int](), 0
    for number, piece in enumerate(re.split(r"\[\[|\]\]", line.replace("\\n", "\n"))):
        if number % 2:
            hidden.update(length + at for at, character in enumerate(piece) if character.isalnum())
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces), hidden


def _measured(engine: TextEngine, lines: list[str]) -> tuple[float, float]:
    """Recall and precision by character."""
    right = wanted = found = 0
    for line in lines:
        text, hidden = _read(line)
        hit = {at for f in engine.find(text) for at in range(f.start, f.end) if text[at].isalnum()}
        right, wanted, found = right + len(hit & hidden), wanted + len(hidden), found + len(hit)
    return right / wanted, right / found


@pytest.mark.parametrize(
    ("lines", "half", "recall"),
    [(ADDRESSES, 0, 0.94), (ADDRESSES, 1, 0.83), (SENTENCES, 0, 0.96), (SENTENCES, 1, 0.9)],
    ids=["addresses", "addresses-unseen", "sentences", "sentences-unseen"],
)
def test_addresses_of_the_world(engine: TextEngine, lines: str, half: int, recall: float) -> None:
    measured, precision = _measured(engine, lines.strip("\n").splitlines()[half::2])
    assert measured >= recall
    assert precision >= 0.94


def test_hardly_anything_else_is_hit(engine: TextEngine) -> None:
    lines = CLEAN.strip("\n").splitlines()
    assert sum(bool(engine.find(line)) for line in lines) <= 6
