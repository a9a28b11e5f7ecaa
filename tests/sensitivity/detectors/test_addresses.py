from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.detectors.a_gazetteer import HOSTILE, TABLES, found, hidden, labels

from interlock.sensitivity.detectors.addresses import detector

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
        "829 Adams Divide",
        "49260 Adetokunbo Underpass",
        "8773 Chelsea Coves",
        "2531 Jamie Road",
        "12 Weaver's Knoll",
        "14 MG Road",
        "Flat 69A Henry Mills",
        "boulevard Serbia 042",
        "Jørgensenjordet 1",
        "Egeri út 154.",
        "Király u. 15.",
        "Vial de Anselma Mariscal 4",
        "Campo de Costela 10",
        "aleja Morska 35/52",
        "pl. Chełmońskiego 89/14",
        "Drumul Monalisa Tudor Nr. 32",
        "U Smíchovského Hřbitova 3",
        "Calle 93 # 14-20",
        "Số 64 đường 28",
        "43/492 Hẻm 79 Huỳnh Văn Bánh",
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
        "36480 Small Center, Pattonmouth, SC 50194",
        "Egeri út 154.\nH-6238 Keresztfalva",
        "Dubová 4, 75-342 Kościerzyna",
        "Hostivařské Nám. 94, 737 00 Jablonné v Podještědí",
        "Jagodnjak 6c/5\n13522 Kraljevica",
        "Studio 9\nPamela Ridges\nPort Alan\nNR8 6WH",
        "Blk 211 Ang Mo Kio Ave 3 #08-1456",
        "3309 OAK GROVE TRCE APT 2207, PORT LINDEN, TX 77541",
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
        "Stage 3 Left Neck",
        "2 Chest CT, then home",
        "CrCl 40, Luke Hill",
        "give 5 ml, then stop",
        "a 45 yo pt, in pain",
        "Metformin 500, Lisinopril 20, Aspirin 81",
        "Sodium 132, Potassium 5, Ferritin 12000",
        "During the 1990s, Lending Clubs grew",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert found(ADDRESSES, text) == []


def test_small_letters_with_types_that_are_words() -> None:
    text = "my office is at 82012 elizabeth square apt. 126, south dean, ri 67098"
    assert not any(c.isalnum() for c in hidden(ADDRESSES, text).removeprefix("my office is at ").replace("_", ""))


def test_any_name_after_a_word_for_address() -> None:
    assert found(ADDRESSES, "she lives across the street at 18 Pell.") == ["18 Pell"]
    assert found(ADDRESSES, "seen at 10 Pell and 11") == []


def test_a_block_has_a_label_a_part() -> None:
    assert labels(ADDRESSES, "12 Elm St, Boston, MA 02135") >= {
        "phi.address.street",
        "phi.address.city",
        "phi.address.zip",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Kolkata-700091",
        "moved to NS B3H4R2",
        "in sc 29401",
        "my zip code is 86881",
        "ZIP: 02139-1234",
        "postcode SW1A 1AA",
        "in Ontario K1A 0B1",
        "IL 62708",
    ],
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
def test_any_text_is_taken_and_what_comes_after_it_is_found(text: str) -> None:
    assert found(ADDRESSES, f"{text}\n\nShe lives at 12 Elm Street.")[-1:] == ["12 Elm Street"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_end_and_what_comes_after_them_is_found(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert found(ADDRESSES, f"{text}\n\nShe lives at 12 Elm Street.")[-1:] == ["12 Elm Street"]
