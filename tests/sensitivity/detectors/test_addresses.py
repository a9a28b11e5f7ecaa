from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.detectors.a_gazetteer import HOSTILE, TABLES, found, hidden, labels

from interlock.sensitivity.detectors.addresses import detector
from interlock.sensitivity.passage import Passage

ADDRESSES = detector(TABLES)


@pytest.mark.parametrize(
    "address",
    [
        "4417 Old Kettle Rd",
        "123 Elm Street",
        "12 N. Main St",
        "9 Park Avenue West",
        "22 Park Hill Road",
        "1190 County Road 12",
        "40 rue Victor Hugo",
        "34 Avenue des Tuileries",
        "Via Nizza 60",
        "Calle Mayor 5",
        "ul. Asnyka 82",
        "Lindenallee 12a",
        "Kungsgatan 5",
        "Gamla Svedalavägen 75",
        "Hauptstraße 12",
        "Árpád fejedelem útja 3",
        "P.O. Box 4471",
        "Apt. 168",
        "Rua Soldado Joaquim Xavier 1471",
        "PSC 4926, Box 7979\nAPO AA 63682",
        "Unit 8505 Box 3866\nDPO AP 93558",
        "USNS Rivera\nFPO AE 37876",
        "218 west maple ave",
        "U.S. Highway 61",
    ],
)
def test_a_street_is_found_whole(address: str) -> None:
    text = f"It was sent to {address}."
    assert not any(c.isalnum() for c in hidden(ADDRESSES, text).replace("It was sent to ", "").replace("_", ""))


@pytest.mark.parametrize(
    "block",
    [
        "736 Cambridge St, Boston, MA 02135",
        "12 Elm Street\nApt. 4\nSpringfield, IL 62708",
        "Lindenallee 12a, 50667 Köln",
        "14 bis rue de la République, 69002 Lyon, France",
        "27 Hazelmere Gardens, Leeds LS8 2QT",
        "43 Bergshaugen 12\n Suite 9\n Qvargstad\n Nepal 08057",
        ">43 Bergshaugen 12\n>Suite 9\n>DEEP CREEK\n>South Africa 08057",
    ],
)
def test_a_block_is_hidden_to_its_end(block: str) -> None:
    text = f"Address: {block}"
    assert not any(c.isalnum() for c in hidden(ADDRESSES, text).removeprefix("Address: ").replace("_", ""))


def test_a_block_in_small_letters() -> None:
    assert (
        hidden(ADDRESSES, "address: 9 unheard 12 apt. 44 bauru nepal 13242")
        == "address: _ _______ __ ___. __ _____ _____ _____"
    )


@pytest.mark.parametrize(
    "text",
    [
        "metformin 1000 mg",
        "HR 96 RR 18",
        "BUN 38, Cr 1.9, WBC 8.7",
        "Na 136 K 4.8 Cl 101",
        "apt to fall",
        "2 weeks in a row",
        "a 52 year old man",
        "Stage 3 disease",
        "Room 5",
        "3 times a day",
        "5 more way",
        "type 2 diabetes",
        "Sodium 140 Chloride 101 Glucose 187",
        "the road to recovery",
        "step 2 of 3",
        "24 hour drive",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert found(ADDRESSES, text) == []


def test_a_block_has_a_label_a_part() -> None:
    assert labels(ADDRESSES, "12 Elm St, Boston, MA 02135") >= {
        "phi.address.street",
        "phi.address.city",
        "phi.address.zip",
    }


@pytest.mark.parametrize(
    "text", ["my zip code is 86881", "ZIP: 02139-1234", "postcode SW1A 1AA", "in Ontario K1A 0B1", "IL 62708"]
)
def test_postcodes(text: str) -> None:
    assert "phi.address.zip" in labels(ADDRESSES, text)


def test_the_fields_name_tells() -> None:
    assert labels(ADDRESSES, "93291", telling="zip_code") == {"phi.address.zip"}
    assert found(ADDRESSES, "93291", telling="count") == []


def test_streets_that_cross() -> None:
    assert found(ADDRESSES, "Please come to Merle and Koenigstrasse 85") == ["Merle and Koenigstrasse 85"]
    assert found(ADDRESSES, "at the corner of Elm and Oak Street") == ["the corner of Elm and Oak Street"]


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    found(ADDRESSES, text)


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_end(piece: str) -> None:
    ADDRESSES.find(Passage(piece * (20_000 // len(piece))))
