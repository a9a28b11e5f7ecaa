"""The doctor on files: keys and who may read them, certificates, the ledger, and settings that loosen something."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509

from interlock import app as composition
from interlock import settings as settings_file
from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.cli.ledger import DirectoryReader
from interlock.cli.log_entries import StoreLog, store_log
from interlock.errors import InterlockError, LedgerUnavailable, MalformedInput
from interlock.ledger.authority import Authority
from interlock.ledger.entry import parse_entry
from interlock.ledger.note import parse_vkey
from interlock.ledger.verify import verify
from interlock.model.settings import Listen, Settings
from interlock.stores.export import export_log
from interlock.workers.signer_state import StateFile

SOON_DAYS = 30
MOST_VERIFIED = 200_000  # entries; a longer log is verified with `interlock ledger verify`
LATE_SECONDS = 60.0  # an entry should be under a checkpoint by then
SKEW_SECONDS = 5.0
TILES = 1024


def check_keys(settings: Settings) -> Iterator[Finding]:
    """The keys, and whether others may read them or the store."""
    try:
        composition.load_pinned_keys(settings)
    except InterlockError as wrong:
        yield fail("keys", wrong.sentence.splitlines()[0], "Put the right keys back, readable by the gateway alone.")
    else:
        yield ok("keys", "the node's keys are the pinned ones, and only their owner reads them")
    private = {
        "keys directory": settings.keys_dir,
        composition.OPERATOR_TOKEN: settings.keys_dir / composition.OPERATOR_TOKEN,
        composition.STORE: composition.store_path(settings),
    }
    for name, path in private.items():
        yield from _private(name, path)


def _private(name: str, path: Path) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        if name != composition.STORE:
            yield fail("files", f"the {name} isn't there", "`interlock init` makes it.")
        return
    except OSError as error:
        yield fail("files", f"the {name} can't be looked at ({error.strerror})", "Run this as the gateway's user.")
        return
    if mode & 0o077 and (name != "keys directory" or mode & 0o022):
        told = f"the {name} is open to other users of this machine (mode {mode:04o})"
        level = warn if name == composition.STORE else fail
        yield level("files", told, f"chmod go= the {name}; make new secrets if anyone could have read them.")
    else:
        yield ok("files", f"the {name} is the gateway's own (mode {mode:04o})")


def check_certificates(settings: Settings, now: datetime) -> Iterator[Finding]:
    """How long the listeners' certificates last."""
    for name, listen in (("control", settings.control), ("agents", settings.agents), ("postgres", settings.postgres)):
        yield from _certificate(name, listen, now)


def _certificate(name: str, listen: Listen, now: datetime) -> Iterator[Finding]:
    check = f"tls.{name}"
    if listen.tls is None:
        yield ok(check, "no TLS: it listens on this machine alone")
        return
    try:
        chain = x509.load_pem_x509_certificates(listen.tls.certificate.read_bytes())
    except (OSError, ValueError):
        yield fail(check, "its certificate can't be read", "Put a PEM certificate chain there.")
        return
    days = (min(each.not_valid_after_utc for each in chain) - now).days
    if days < 0:
        yield fail(check, "its certificate has expired", "Renew it.")
    elif max(each.not_valid_before_utc for each in chain) > now:
        yield fail(check, "its certificate isn't valid yet", "Look at this machine's clock and at the certificate.")
    elif days < SOON_DAYS:
        yield warn(check, f"its certificate ends in {days} days", "Renew it.")
    else:
        yield ok(check, f"its certificate holds for {days} days more")


def check_unsafe(name: str, settings: Settings) -> Iterator[Finding]:
    """Every setting whose name begins with `unsafe_` that is in use."""
    told = list(settings_file.unsafe(settings))
    if settings.unsafe_token_votes:
        told.append("unsafe_token_votes: who holds a person's key votes as that person, without being present")
    shared = settings_file.shared_host(settings.public_url)
    if shared:
        told.append(shared)
    for sentence in told:
        yield warn("unsafe", f"{name}: {sentence}", "Take it out unless you know why it is there.")
    if not told:
        yield ok("unsafe", "no setting loosens a promise")


def read_authority(settings: Settings) -> Authority:
    """What the ledger says as of now; its form alone is checked, and `check_ledger` does the rest.

    Raises `LedgerUnavailable`, `LedgerCorrupt`.
    """
    log = store_log(composition.store_path(settings))
    authority = Authority()
    for first in range(0, log.size, TILES):
        for raw in log.bodies(first, min(TILES, log.size - first)):
            try:
                entry = parse_entry(raw)
                authority.apply(entry)
            except MalformedInput as malformed:
                raise LedgerUnavailable(f"an entry of the ledger can't be read: {malformed.sentence}") from None
    return authority


def check_ledger(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Exports the log and verifies it as an outsider would, with the keys that the settings and the keys directory
    name."""
    try:
        log = store_log(composition.store_path(settings))
        if log.size == 0:
            yield warn("ledger", "the ledger is empty", "Start the gateway once: `interlock serve`.")
            return
        yield from _verified(settings, log)
        yield from _ages(settings, log, now)
    except (InterlockError, TypeError, ValueError) as wrong:  # the latter: a row that isn't even bytes any more
        told = wrong.sentence if isinstance(wrong, InterlockError) else "an entry isn't one that Interlock wrote"
        yield fail("ledger", told.splitlines()[0], "Don't serve before you know why; keep a copy of the store.")


def _verified(settings: Settings, log: StoreLog) -> Iterator[Finding]:
    if log.size > MOST_VERIFIED:
        todo = "Run `interlock ledger export DIR`, then `interlock ledger verify DIR`."
        yield warn("ledger", f"{log.size} entries are more than the doctor verifies", todo)
        return
    public = composition.load_pinned_keys(settings).public()
    with tempfile.TemporaryDirectory(prefix="interlock-doctor-") as directory:
        export_log(log.path, Path(directory))
        verdict = verify(
            DirectoryReader(Path(directory)), parse_vkey(public["log"]), node_keys=[parse_vkey(public["node"])]
        )
    yield ok("ledger", f"{verdict.size} of {log.size} entries are under the last checkpoint, and they verify")


def _ages(settings: Settings, log: StoreLog, now: datetime) -> Iterator[Finding]:
    newest = parse_entry(log.bodies(log.size - 1, 1)[0]).ts
    if (newest - now).total_seconds() > SKEW_SECONDS:
        yield fail("clock", "the newest entry of the ledger is of a later time than this machine's", "Set the clock.")
    signed = _signed(settings)
    if signed < log.size:
        waiting = (now - parse_entry(log.bodies(signed, 1)[0]).ts).total_seconds()
        told = f"{log.size - signed} entries wait for a checkpoint, the oldest for {int(max(waiting, 0))} s"
        if waiting > LATE_SECONDS:
            yield warn("checkpoint", told, "A gateway that serves signs them within seconds; look at its log.")
            return
    age = int(max((now - newest).total_seconds(), 0))
    yield ok("checkpoint", f"signed up to entry {signed}; the newest entry is {age} s old")


def _signed(settings: Settings) -> int:
    """How many entries the signer has put under a checkpoint, by its own state; 0 before the first."""
    state = StateFile(settings.keys_dir / composition.SIGNER_STATE).load()
    return state.size if state is not None else 0
