"""Texts in other styles than letters and notes: what is found whole, and what has to stay."""

from __future__ import annotations

import pytest

from interlock.app.detecting import load_engine
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine


@pytest.fixture(scope="module")
def engine() -> TextEngine:
    return load_engine(frozenset(Layer) - {Layer.NER})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the pharmacy on W 47th St had none", "W 47th St"),
        ("turn up at the school on Cobbler's Way", "Cobbler's Way"),
        ("happy birthday from everyone on peachtree hollow dr", "peachtree hollow dr"),
        ("she lives on Old Quarry Rd", "Old Quarry Rd"),
        ("grandma is 95!! happy birthday", "95"),
        ("his grandfather lived to 98.", "98"),
        ("Olga Okonkwo is 97 and wants full code", "97"),
        ("Discussed with Trevor, who flies in on the 22nd.", "the 22nd"),
        ("appointment mandag 5. mai", "mandag 5. mai"),
        ("Called K. Herrera with read-back. Ext. 3194.", "Ext. 3194"),
        ("rounding list: Gill – CHF, diurese", "Gill"),
        ("first pick Lakemont Regional. Family agrees.", "Lakemont Regional"),
        ("ask Priyanka, she knows", "Priyanka"),
    ],
)
def test_it_is_found_whole(engine: TextEngine, text: str, name: str) -> None:
    at = text.index(name)
    found = engine.find(text)
    assert any(f.start <= at and at + len(name.rstrip(".")) <= f.end for f in found), found


@pytest.mark.parametrize(
    "text",
    [
        "Colles, Smith and Galeazzi fractures: which need surgery?",
        "What does the guideline say about apixaban in HFpEF with CrCl 58?",
        "Barrett's with low grade dysplasia, Seattle protocol?",
        "Parkinson's and Crohn's run in families",
        "Someone told me Lyme from a tick takes 36 hours, true?",
        "If the Epworth is above 10, order a sleep study",
        "Is the generic of Yasmin the same as Natazia or Camila?",
        "Circle of Willis variants, incidence of fetal PCA?",
        "The Montreal Cognitive Assessment score and Hamilton 12.",
        "Take one tablet on Monday, Wednesday and Friday.",
        "Compare Dr. Pepper and other sodas",
        "Draw a lavender top tube, then a Tiger top, before lunch.",
        "hi, SKU, qty 67, backordered.",
    ],
)
def test_it_stays(engine: TextEngine, text: str) -> None:
    assert not engine.find(text)
