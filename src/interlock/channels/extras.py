"""What channels need beyond what is always installed: extras, and whether they are there. Imports none of it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from interlock.errors import SettingsMistakes
from interlock.model.channels import Channel

_PACKAGES: Final = {
    Channel.SLACK: ("slack_bolt", "slack_sdk", "aiohttp"),
    Channel.TEAMS: ("microsoft_teams",),
}


def missing(channel: Channel) -> str | None:
    """None when what the channel needs is installed; else what is missing and what to do."""
    names = [name for name in _PACKAGES.get(channel, ()) if not _is_there(name)]
    if not names:
        return None
    return f'[{channel}]: {", ".join(names)} missing here; install it with: pip install "interlock-gateway[{channel}]"'


def require(channel: Channel) -> None:
    """Raises `SettingsMistakes` where something is missing."""
    because = missing(channel)
    if because is not None:
        raise SettingsMistakes([because])


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
