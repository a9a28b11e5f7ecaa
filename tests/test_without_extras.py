"""A gateway works without the extras of channels, and where they are installed who doesn't use them doesn't pay."""

from __future__ import annotations

import subprocess
import sys

EXTRAS = ("slack_bolt", "slack_sdk", "aiohttp", "microsoft_teams")
PARTS = "interlock.app, interlock.cli, interlock.app.reaching, interlock.cli.doctor_channels"

_WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import {PARTS}
from interlock.channels.extras import missing
from interlock.model.channels import Channel
print(*[channel.value for channel in Channel if missing(channel)])
"""
_WITH = f"""
import sys
import {PARTS}
print(*sorted(name for name in {EXTRAS!r} if name in sys.modules))
"""


def _printed(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_everything_but_the_channels_works_without_their_extras() -> None:
    assert _printed(_WITHOUT) == "slack teams"


def test_nothing_of_the_extras_is_imported_before_a_channel_is_set_up() -> None:
    assert _printed(_WITH) == ""
