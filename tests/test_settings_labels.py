"""`[labels]`: who looks after labels, and how long an override may last."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.test_settings import ENVIRON, WHOLE, write

from interlock.errors import SettingsMistakes
from interlock.model.settings import LabelSettings
from interlock.settings import load


def test_without_the_table_those_who_sign_for_policies_are_stewards(tmp_path: Path) -> None:
    assert load(write(tmp_path, WHOLE), ENVIRON).labels == LabelSettings(frozenset(), timedelta(days=90))


def test_stewards_and_times_are_read(tmp_path: Path) -> None:
    group = sorted(load(write(tmp_path, WHOLE), ENVIRON).groups)[0]
    text = f'{WHOLE}\n[labels]\nstewards = ["{group}"]\noverrides = "12h"\n'
    assert load(write(tmp_path, text), ENVIRON).labels == LabelSettings(frozenset({group}), timedelta(hours=12))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('stewards = ["nobodies"]', 'there is no group "nobodies"'),
        ('overrides = "366d"', "at most 365d"),
        ('overrides = "10s"', "at most 365d"),
        ("stewarts = []", 'did you mean "stewards"'),
    ],
)
def test_mistakes_are_told(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(SettingsMistakes) as refused:
        load(write(tmp_path, f"{WHOLE}\n[labels]\n{line}\n"), ENVIRON)
    assert told in str(refused.value)
