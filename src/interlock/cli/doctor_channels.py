"""The doctor on channels: does what `[notify]` says lead to anybody, and has what was to be delivered arrived?"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from interlock import app as composition
from interlock.channels.extras import missing
from interlock.cli.doctor_findings import Finding, ok, warn
from interlock.errors import InterlockError
from interlock.ledger.authority import Authority
from interlock.ledger.fields import parse_time
from interlock.model.channel_settings import ChannelSettings, NotifyRule
from interlock.model.channels import PEOPLE, Channel
from interlock.model.document import Document, DocumentKind
from interlock.model.names import PersonId
from interlock.model.settings import Settings
from interlock.ports import Sealer
from interlock.stores.connections import open_reader
from interlock.stores.entropy import SystemEntropy
from interlock.stores.seals import AesGcmSealer
from interlock.workers.copies import Problem, Record, kind_of, read_record
from interlock.workers.notifying import people_channels, rules_of
from interlock.workers.rotas import turn

CHECK: Final = "channels"
LATE: Final = timedelta(minutes=5)  # a copy should be out there by then
MOST_READ: Final = 20_000  # copies of one channel


def channels_of(settings: Settings) -> frozenset[str]:
    """Where votes can be cast as these settings are: what policy's `@channels` may name and mean something by."""
    there = {"console"}
    there |= {name for name in ("slack", "teams") if getattr(settings.channels, name) is not None}
    return frozenset(there | ({"callback"} if settings.channels.vote_callbacks else set()))


def check_channels(
    settings: Settings, authority: Authority | None, signers: Collection[PersonId], now: datetime
) -> Iterator[Finding]:
    """All of it. `signers` are those whom any rule of policy asks; `authority` is what the ledger says, None where it
    couldn't be read. The copies are read from the store, whether a gateway serves or not."""
    channels = settings.channels
    rules = rules_of(channels)
    yield from _extras(channels)
    if not rules:
        yield ok("notify", "nobody is told outside the console: no channel for people and no rule is set up")
        return
    yield from _reached(settings, authority, rules, signers)
    yield from _fallback(channels)
    yield from _rotas(channels, rules, now)
    yield from _copies(settings, now)


def _extras(channels: ChannelSettings) -> Iterator[Finding]:
    for channel in (Channel.SLACK, Channel.TEAMS):
        if getattr(channels, channel.value) is None:
            continue
        if missing(channel) is None:
            yield ok(CHECK, f"[{channel.value}] is set up, and what it needs is installed")
        else:
            yield warn(
                CHECK,
                f"[{channel.value}] is set up, and what it needs isn't installed: the gateway doesn't start",
                f'pip install "interlock-gateway[{channel.value}]", then start the gateway.',
            )


# -- who is reached ---------------------------------------------------------------------------------------------------


def _reached(
    settings: Settings, authority: Authority | None, rules: Collection[NotifyRule], signers: Collection[PersonId]
) -> Iterator[Finding]:
    named = sorted({to.channel for rule in rules for to in rule.to if to.address == PEOPLE})
    unreached = set(signers)
    for channel in named:
        without = {person for person in signers if not _is_known(settings, authority, channel, person)}
        unreached &= without
        if without:
            yield warn(
                "notify",
                f"{', '.join(sorted(without))} can't be told by {channel.value}: no account or address is known",
                _how_to_link(channel),
            )
        else:
            yield ok("notify", f"everybody who may be asked is known to {channel.value}")
    rooms = any(to.address != PEOPLE for rule in rules for to in rule.to)
    if named and unreached and not rooms:
        todo = "They find it in the console. Link an account of theirs, or give them an address."
        yield warn("notify", f"{', '.join(sorted(unreached))} are told of nothing, by any channel", todo)
    if rules and settings.channels.notify and all(rule.after for rule in rules):
        yield warn("notify", "no rule tells anybody at once: each has an `after`", "Give one rule no `after`.")


def _is_known(settings: Settings, authority: Authority | None, channel: Channel, person: PersonId) -> bool:
    if channel is Channel.EMAIL:
        return person in settings.channels.addresses
    if authority is None:
        return True  # what isn't known isn't told of; the ledger's own findings say why
    linked = any(provider == channel.value for provider, _ in authority.roster.links(person))
    return linked or any(p == person and provider == channel.value for (provider, _), p in settings.accounts.items())


def _how_to_link(channel: Channel) -> str:
    if channel is Channel.EMAIL:
        return "Set [people.NAME] email."
    return "Have them link their account in the console, under their own name."


def _fallback(channels: ChannelSettings) -> Iterator[Finding]:
    others = people_channels(channels)
    if len(others) < 2:
        only = f"{others[0].value} alone reaches" if others else "no channel reaches"
        yield warn(
            "notify",
            f"{only} people themselves: while that is away, nobody is told",
            "Set up a second one of [slack], [teams] and [email].",
        )
    else:
        yield ok("notify", f"while one is away, another is taken: {', '.join(each.value for each in others)}")


def _rotas(channels: ChannelSettings, rules: Collection[NotifyRule], now: datetime) -> Iterator[Finding]:
    used = {rule.rota for rule in rules if rule.rota}
    for name, rota in sorted(channels.rotas.items()):
        if name not in used:
            yield warn("rotas", f"no rule uses the rota {name}", "Take it out, or name it in [notify].")
        elif rota.pager:
            yield ok("rotas", f"{name} is asked of {rota.pager} when it is needed")
        elif turn(rota, now) is None:
            yield warn(
                "rotas", f"nobody is on call by {name} before it begins", "Until then all who may sign are told."
            )
        else:
            yield ok("rotas", f"{turn(rota, now)} is on call by {name}")


# -- what was to be delivered -----------------------------------------------------------------------------------------


def _copies(settings: Settings, now: datetime) -> Iterator[Finding]:
    if not composition.store_path(settings).exists():
        return
    try:
        sealer = AesGcmSealer(composition.load_pinned_keys(settings).sealing, SystemEntropy())
        found = {channel: list(_read(settings, channel, sealer)) for channel in Channel}
    except (InterlockError, sqlite3.Error):
        yield warn("deliveries", "what was to be delivered can't be read", "Look at the keys' and ledger's findings.")
        return
    count = sum(len(each) for each in found.values())
    troubled = 0
    for channel, copies in found.items():
        for sentence, todo in _troubles(channel, copies, now):
            troubled += 1
            yield warn("deliveries", sentence, todo)
    if not troubled:
        yield ok("deliveries", f"{count} messages are out there as they should be" if count else "nothing waits")


def _read(settings: Settings, channel: Channel, sealer: Sealer) -> Iterator[tuple[Document, Record]]:
    kind = kind_of(channel)
    query = "SELECT id, version, at, due_at, sealed FROM il_document WHERE kind = ? ORDER BY id LIMIT ?"
    with closing(open_reader(composition.store_path(settings))) as connection:
        rows = connection.execute(query, (kind.value, MOST_READ)).fetchall()
    for id_, version, at, due_at, sealed in rows:
        due = None if due_at is None else parse_time(due_at)
        document = Document(DocumentKind(kind), id_, id_, version, parse_time(at), due, sealed)
        yield document, read_record(document, sealer)


def _troubles(
    channel: Channel, copies: Collection[tuple[Document, Record]], now: datetime
) -> Iterator[tuple[str, str]]:
    gone = sorted({record.address for _, record in copies if record.problem == Problem.GONE})
    if gone:
        named = ", ".join(gone[:5]) + (f" and {len(gone) - 5} more" if len(gone) > 5 else "")
        yield (
            f"{channel.value}: these take nothing any more: {named}",
            "Bring the bot or the channel back, link the account, or name another destination.",
        )
    unsure = sum(record.problem == Problem.UNSURE for _, record in copies)
    if unsure:
        yield f"{channel.value}: of {unsure} messages nobody knows whether they arrived", "Look there once."
    late = [waited for document, record in copies if (waited := _waited(document, record, now)) > LATE]
    if late:
        longest = int(max(late).total_seconds())
        yield (
            f"{channel.value}: {len(late)} messages wait to be delivered, the longest {longest} s",
            "Look at the service, at the gateway's log (outbox.*) and at /metrics.",
        )


def _waited(document: Document, record: Record, now: datetime) -> timedelta:
    """Since when it should be out there: a first message since it was asked for, a change since it was due."""
    if document.due_at is None:
        return timedelta(0)
    since = document.due_at if record.is_delivered else datetime.fromisoformat(record.since)
    return now - since
