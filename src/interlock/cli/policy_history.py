"""`interlock policy history` and `interlock policy show`: the bundles that were put in force, from the ledger."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from interlock.cli.api_client import ApiClient, BadUsage, plain_failures
from interlock.cli.card_text import terminal
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption, operator_client
from interlock.cli.policy_propose import AsJson, person_client
from interlock.review.visible import visible, visible_block
from interlock.web.api.bundle_shapes import PATH, BundleList, BundleOut, TextsOut

_NAMED = re.compile(r"in-force|previous|[0-9a-f]{8,64}")
_HOW = {"first_start": "the first start", "unsafe_pin": "unsafe-pin, unreviewed", "review": "a review"}


def history(settings: SettingsOption = DEFAULT_SETTINGS, as_json: AsJson = False) -> None:
    """List the bundles put in force, newest first: when, how, who asked, who signed.

    With INTERLOCK_TOKEN as that person, else with the operator's token of the settings.
    """
    with plain_failures(), _client(settings) as client:
        found = client.get(BundleList, PATH)
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("In force since (UTC)", "Bundle", "By", "Asked by", "Signed by", "Review"):
            table.add_column(title, overflow="fold")
        for bundle in found.bundles:
            table.add_row(*(Text(visible(cell)) for cell in _cells(bundle)))
        terminal().print(table)


def show(
    which: Annotated[str, typer.Argument(metavar="BUNDLE", help="in-force, previous, or how its digest begins.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Print the texts of a bundle as the ledger has them."""
    with plain_failures():
        if _NAMED.fullmatch(which) is None:
            raise BadUsage("A bundle is in-force, previous, or at least 8 hex digits of its digest.")
        with _client(settings) as client:
            found = client.get(TextsOut, f"{PATH}/{which}")
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
            return
        typer.echo(f"// bundle {found.bundle}")
        for name, text in sorted(found.sources.items()):
            typer.echo(f"\n// === {visible(name)}\n{visible_block(text)}")


def _client(settings: Path) -> ApiClient:
    return person_client(settings, None) if os.environ.get("INTERLOCK_TOKEN") else operator_client(settings)


def _cells(bundle: BundleOut) -> tuple[str, ...]:
    return (
        f"{bundle.at:%Y-%m-%d %H:%M:%S}",
        bundle.bundle[:16],
        _HOW.get(bundle.how, bundle.how),
        bundle.by,
        ", ".join(bundle.signed_by),
        bundle.review or "",
    )
