"""The operator's way in: the token that lies beside the node's keys, to the gateway of the same settings."""

from __future__ import annotations

from pathlib import Path

from interlock.cli.api_client import ApiClient, BadUsage
from interlock.cli.settings_option import DEFAULT_SETTINGS as DEFAULT_SETTINGS
from interlock.cli.settings_option import SettingsOption as SettingsOption
from interlock.model.secret import Secret
from interlock.model.settings import Settings
from interlock.settings import load

TOKEN_FILE = "operator.token"  # noqa: S105  a file name
MAX_TOKEN_FILE = 4096  # bytes


def operator_client(settings_file: Path) -> ApiClient:
    """A client of the gateway that these settings describe; raises `SettingsMistakes`, `BadUsage`."""
    settings = load(settings_file)
    return ApiClient(control_url(settings), _token(settings.keys_dir / TOKEN_FILE))


def control_url(settings: Settings) -> str:
    """Where this machine reaches the control port: directly when it is plain (and so loopback), else by its public URL,
    which is the name on its certificate."""
    if settings.control.tls is not None:
        return settings.public_url
    host = f"[{settings.control.host}]" if ":" in settings.control.host else settings.control.host
    return f"http://{host}:{settings.control.port}"


def _token(path: Path) -> Secret[str]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_TOKEN_FILE).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise BadUsage(
            f"Can't read the operator's token, {TOKEN_FILE} in the keys directory. Run this on the gateway's machine as"
            " the user who runs it; `interlock init` makes the file."
        )
    return Secret(text)
