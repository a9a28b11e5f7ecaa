"""The doctor on people: who could sign what each rule asks for, who owns, and who can sign in at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interlock.cli.doctor_channels import channels_of
from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.identity.directory import Directory
from interlock.ledger.authority import Authority
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.settings import Settings
from interlock.policy.bundle import read_rules
from interlock.policy.checks import Rule
from interlock.policy.reviewers import groups_asked, unsignable
from interlock.policy.surroundings import Members
from interlock.sensitivity.labels import KNOWN
from interlock.settings.sources import load_sources, load_tools, surroundings


def check_people(settings: Settings, authority: Authority | None) -> Iterator[Finding]:
    """All of it. `authority` is what the ledger says, None where it couldn't be read: then the settings alone count.

    Raises `Mistakes` for policies that don't load.
    """
    directory = _directory(settings, authority)
    groups = members(settings, directory)
    rules = read_rules(load_sources(settings), groups, frozenset(KNOWN), surroundings(settings), load_tools(settings))
    obeyed = [rule for rule in rules if not rule.annotations.observed]
    yield from _signable(settings, obeyed, groups, excluded(settings, authority))
    yield from _channels(obeyed, channels_of(settings))
    yield from _groups(obeyed, groups)
    yield from _glass(obeyed, groups)
    if authority is not None:
        yield from _owners(settings, authority)
        yield from _ways_in(settings, authority, directory, obeyed)


def signers(settings: Settings, authority: Authority | None) -> frozenset[PersonId]:
    """Everybody whom a rule may ask. Raises `Mistakes` for policies that don't load."""
    groups = members(settings, _directory(settings, authority))
    rules = read_rules(load_sources(settings), groups, frozenset(KNOWN), surroundings(settings), load_tools(settings))
    return _signers([rule for rule in rules if not rule.annotations.observed], groups)


def members(settings: Settings, directory: Directory) -> Members:
    """The people in each group as of now, changes since the settings included."""
    people = directory.everyone().values()
    named = settings.groups | {group for person in people for group in person.groups}
    return {group: frozenset(person.id for person in people if group in person.groups) for group in named}


def excluded(settings: Settings, authority: Authority | None) -> Mapping[str, frozenset[PersonId]]:
    """Who may not sign for each agent and service: its owner, and who made or holds a live key of it."""
    out: dict[str, frozenset[PersonId]] = {}
    for actor in settings.actors.values():
        who = {actor.owner}
        for key in authority.keys_of(actor.id) if authority is not None else ():
            record = authority.key(key) if authority is not None else None
            if record is not None:
                who |= {record.made_by, record.held_by}
        out[actor.id] = frozenset(who)
    return out


def _directory(settings: Settings, authority: Authority | None) -> Directory:
    if authority is None:
        return Directory(settings.people, settings.actors)
    return Directory(settings.people, settings.actors, authority.roster)


def _signable(
    settings: Settings, rules: Sequence[Rule], groups: Members, out: Mapping[str, frozenset[PersonId]]
) -> Iterator[Finding]:
    stuck = list(unsignable(rules, groups, surroundings(settings), out))
    for rule, sentence in stuck:
        yield fail(
            "signatures",
            f'the review of "{rule.annotations.id}": {sentence}',
            "Put more people into the group that it names, or give the agent another owner.",
        )
    if not stuck:
        reviews = sum(rule.is_lifted for rule in rules)
        yield ok(
            "signatures", f"all {reviews} rules that ask for signatures can be signed, for every agent and service"
        )


def _channels(rules: Sequence[Rule], there: frozenset[str]) -> Iterator[Finding]:
    named: dict[str, list[str]] = {}
    for rule in rules:
        for channel in rule.annotations.lifted_by.channels if rule.annotations.lifted_by else ():
            named.setdefault(channel, []).append(rule.annotations.id)
    for channel, ids in sorted(named.items()):
        if channel not in there:
            yield warn(
                "channels",
                f'{", ".join(sorted(ids))} let votes be cast in "{channel}", which this gateway has no way to',
                "Votes count in the console all the same. Set the channel up, or take it out.",
            )
    if not named.keys() - there:
        yield ok("channels", "every channel that a rule names is there")


def _groups(rules: Sequence[Rule], groups: Members) -> Iterator[Finding]:
    empty: dict[GroupName, list[str]] = {}
    for rule in rules:
        asked = groups_asked(rule.annotations.lifted_by) if rule.annotations.lifted_by else frozenset()
        for group in asked:
            if not groups.get(group):
                empty.setdefault(group, []).append(rule.annotations.id)
    for group, ids in sorted(empty.items()):
        yield fail("groups", f"nobody is in {group}, which {', '.join(sorted(ids))} asks", "Put people into it.")
    if not empty:
        yield ok("groups", "there is somebody in every group that a rule asks")


def _glass(rules: Sequence[Rule], groups: Members) -> Iterator[Finding]:
    named = {g for r in rules if r.annotations.lifted_by for g in r.annotations.lifted_by.break_glass}
    if not named:
        yield ok("break_glass", "no rule has a way around its signatures")
        return
    for group in sorted(named):
        count = len(groups.get(group, ()))
        if count == 0:
            yield fail("break_glass", f"nobody is in {group}, which may break the glass", "Put people into it.")
        elif count == 1:
            yield warn(
                "break_glass",
                f"one person alone is in {group}: nobody breaks the glass for what is their own",
                "Put a second person into it.",
            )
        else:
            yield ok("break_glass", f"{count} people of {group} may break the glass")


def _owners(settings: Settings, authority: Authority) -> Iterator[Finding]:
    waiting: dict[PersonId, list[ActorId]] = {}
    for actor in settings.actors.values():
        if not authority.roster.has_accepted(actor.id, actor.owner):
            waiting.setdefault(actor.owner, []).append(actor.id)
    for owner, actors in sorted(waiting.items()):
        yield warn(
            "owners",
            f"{owner} hasn't accepted to own {', '.join(sorted(actors))}: credentials of these aren't admitted",
            f"Have {owner} sign in to the console and accept.",
        )
    if not waiting:
        yield ok("owners", "every agent and service has an owner who accepted")


def _ways_in(
    settings: Settings, authority: Authority, directory: Directory, rules: Sequence[Rule]
) -> Iterator[Finding]:
    everyone = directory.everyone()
    if settings.oidc is None:
        yield warn(
            "sign_in",
            f"{len(everyone)} people sign in with links that the operator makes, and in no other way",
            "Set [oidc], so that each signs in with an account of their own.",
        )
    else:
        own = {person for (provider, _), person in settings.accounts.items() if provider == settings.oidc.provider}
        without = sorted(p for p in everyone if p not in own and not authority.roster.links(p))
        if without:
            todo = "Name their account in [people.NAME] oidc, or have them link it from the console."
            yield warn("sign_in", f"{', '.join(without)} can sign in by the operator's links alone", todo)
        else:
            yield ok("sign_in", "everybody has an account to sign in with")
    yield from _passkeys(settings, authority, everyone.keys(), _signers(rules, members(settings, directory)))


def _signers(rules: Sequence[Rule], groups: Members) -> frozenset[PersonId]:
    asked = {g for r in rules if r.annotations.lifted_by for g in groups_asked(r.annotations.lifted_by)}
    return frozenset().union(*(groups.get(group, frozenset()) for group in asked))


def _passkeys(
    settings: Settings, authority: Authority, everyone: object, signers: frozenset[PersonId]
) -> Iterator[Finding]:
    without = sorted(person for person in signers if not authority.roster.passkeys(person))
    if without and settings.votes.passkeys == "required":
        yield fail(
            "passkeys",
            f"votes need a passkey, and {', '.join(without)} have none: their approvals won't count",
            "Have each of them register one in the console.",
        )
    elif without:
        yield warn(
            "passkeys",
            f"{', '.join(without)} sign without a passkey: a stolen session is enough to sign as them",
            'Have them register one, then set [votes] passkeys = "required".',
        )
    else:
        yield ok("passkeys", "everybody whom a rule asks has a passkey")
