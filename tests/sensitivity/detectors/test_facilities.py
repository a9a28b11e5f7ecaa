from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.detectors.a_gazetteer import HOSTILE, TABLES, found, labels

from interlock.sensitivity.detectors.facilities import detector

FACILITIES = detector(TABLES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("operated at St. Vincent's on May 30th", "St. Vincent's"),
        ("seen at Mt. Sinai on 2/21", "Mt. Sinai"),
        ("admitted to Johns Hopkins on 1/1", "Johns Hopkins"),
        ("seen at Cleveland Clinic?", "Cleveland Clinic"),
        ("seen at UCLA Med Ctr on 3/3", "UCLA Med Ctr"),
        ("admitted to City Hospital on 3/3", "City Hospital"),
        ("at Hope Medical Center on 3/3", "Hope Medical Center"),
        ("seen at Stanford Health on 3/3", "Stanford Health"),
        ("evaluated at Elm Clinic on 3/3", "Elm Clinic"),
        ("seen at Baylor on Nov 5", "Baylor"),
        ("seen @ Stanford on Aug 19", "Stanford"),
        ("treated at St. Luke's Hospital, Los Angeles", "St. Luke's Hospital, Los Angeles"),
        ("in our Boston clinic", "Boston clinic"),
        ("at Brigham & Women’s on 08/22", "Brigham & Women’s"),
        ("He attends Lincoln High School", "Lincoln High School"),
        ("aufgenommen im Klinikum Nord", "Klinikum Nord"),
        ("à l'Hôpital Édouard Herriot le", "Hôpital Édouard Herriot"),
        ("Children's Hospital Los Angeles", "Children's Hospital Los Angeles"),
        ("seen by Dr. Smith at Houston Clinic on", "Houston Clinic"),
        ("seen at Nelson Memorial.", "Nelson Memorial"),
        ("transferred from Port Ellery Regional?", "Port Ellery Regional"),
        ("referred from Hollister VA for gout", "Hollister VA"),
        ("Welch Memorial\nDISCHARGE SUMMARY", "Welch Memorial"),
        ("at Mount Smith Infirmary", "Mount Smith Infirmary"),
        ("to Children's Hospital of Port Ellery, then", "Children's Hospital of Port Ellery"),
        ("at the University of Ohio Hospital", "University of Ohio Hospital"),
        ("at New Vanessaport Urgent Care", "New Vanessaport Urgent Care"),
        ("seen at hornfort clinic on 3/3", "hornfort clinic"),
        ("referred from smithport medical center today", "smithport medical center"),
        ("moved to Maple Terrace Nursing Home", "Maple Terrace Nursing Home"),
    ],
)
def test_a_facility_is_found_whole(text: str, name: str) -> None:
    assert name in found(FACILITIES, text)
    assert labels(FACILITIES, text) == {"phi.address.facility"}


@pytest.mark.parametrize(
    "text",
    [
        "went to the hospital",
        "a pain clinic",
        "referred to pulm. clinic",
        "the Emergency Department",
        "Mental Health matters",
        "Public Health England said",
        "admitted to ICU on 3/3",
        "seen in ED",
        "primary care",
        "at home",
        "allergic to ACE inhibitors",
        "seen at Christmas",
        "Pain Clinic",
        "a tertiary care center",
        "reactions to Lisinopril.",
        "What do the Mayo Clinic guidelines say?",
        "recommendations from the Mayo Clinic",
        "according to data from Johns Hopkins, mortality fell",
        "the Surgeon General said",
        "Memorial Day",
        "Regional anesthesia",
        "seen at the pain clinic",
        "seen at home, then home",
        "Home oxygen",
    ],
)
def test_kinds_of_facility_stay(text: str) -> None:
    assert found(FACILITIES, text) == []


@given(st.text(max_size=80))
def test_any_text_is_taken_and_what_comes_after_it_is_found(text: str) -> None:
    assert found(FACILITIES, f"{text}\n\nSeen at Mercy Hospital today.")[-1:] == ["Mercy Hospital"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_end_and_what_comes_after_them_is_found(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert found(FACILITIES, f"{text}\n\nSeen at Mercy Hospital today.")[-1:] == ["Mercy Hospital"]
