"""A gateway without the Teams SDK starts; one with `[teams]` and without the SDK says what is missing."""

from __future__ import annotations

import subprocess
import sys

_WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "microsoft_teams":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import interlock.channels.teams
from interlock.channels.teams.building import build_teams, outgoing_of
from interlock.errors import SettingsMistakes

try:
    build_teams(*[None] * 9)
except SettingsMistakes as mistakes:
    print(mistakes)
"""


def test_without_the_sdk_it_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == (
        '[teams]: microsoft_teams missing here; install it with: pip install "interlock-gateway[teams]"'
    ), done.stderr
