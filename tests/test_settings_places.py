"""interlock.toml: directories, addresses and connections that mustn't meet, and what policies may name."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.test_settings import CONNECTION, ENVIRON, WHOLE, mistakes, write

from interlock.errors import PolicyMistakes
from interlock.model.actor import ActorKind
from interlock.settings import load, load_bundle, no_passkeys, rehearse, shared_host, surroundings, survey


def test_data_and_keys_may_not_meet_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "data").symlink_to("keys")
    assert any("data and keys must be two" in mistake for mistake in mistakes(tmp_path, WHOLE))


@pytest.mark.parametrize(
    "url",
    ["http://interlock.localhost:8080", "https://interlock.example", "http://127.0.0.1:8080", "http://[::1]:8080"],
)
def test_where_people_reach_the_control_port(tmp_path: Path, url: str) -> None:
    settings = load(write(tmp_path, WHOLE + f'[control]\nurl = "{url}"\n'), ENVIRON)
    assert settings.public_url == url
    shared = url.startswith(("http://127", "http://[::1]"))
    assert (shared_host(url) is not None) is shared


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://interlock.localhost:8080", False),
        ("http://localhost:8080", False),
        ("https://interlock.example", False),
        ("http://127.0.0.1:8080", True),
        ("https://[2001:db8::1]", True),
    ],
)
def test_an_ip_address_is_no_place_for_passkeys(url: str, warned: bool) -> None:
    assert (no_passkeys(url, "if_registered") is not None) is warned
    assert ("nobody can approve" in (no_passkeys(url, "required") or "")) is warned


@pytest.mark.parametrize(
    ("old", "new", "mistaken"),
    [
        ("", "", True),
        ('host = "127.0.0.1"', 'host = "localhost"', True),
        ('host = "127.0.0.1"', 'host = "::1"', True),
        ('host = "127.0.0.1"', 'host = "127.0.0.2"\nport = 5432', True),
        ('database = "clinic"', 'database = "other"', False),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nport = 5433', False),
        ('host = "127.0.0.1"', 'host = "db.example"', False),
    ],
)
def test_a_second_way_to_a_database_has_the_same_labels(tmp_path: Path, old: str, new: str, mistaken: bool) -> None:
    (tmp_path / "c.toml").write_text("", encoding="utf-8")
    second = CONNECTION.replace("[connections.clinic]", "[connections.side-door]").replace(old, new)
    labelled = WHOLE + 'catalog = "c.toml"\n'
    found = survey(write(tmp_path, labelled + second), ENVIRON).mistakes
    sentence = "[connections.side-door]: [connections.clinic] leads to the same database, so both need the same catalog"
    assert list(found) == ([f"interlock.toml: {sentence}"] if mistaken else [])
    assert survey(write(tmp_path, labelled + second + 'catalog = "./c.toml"\n'), ENVIRON).mistakes == ()


def test_policies_are_checked_against_what_the_settings_name(tmp_path: Path) -> None:
    policy = tmp_path / "local.cedar"
    settings = load(_with_policy(tmp_path, policy), ENVIRON)
    around = surroundings(settings)
    assert set(around.connections) == {"clinic"}
    assert {kind: dict(named) for kind, named in around.actors.items()} == {
        ActorKind.AGENT: {"etl-agent": frozenset({"ai-agents"})},
        ActorKind.SERVICE: {"nightly": frozenset()},
        ActorKind.PERSON: {"dana": frozenset({"privacy-officers"}), "sam": frozenset()},
    }
    scope = 'resource in Interlock::Connection::"{}"'
    for name, wrong in (("clinic", False), ("clnic", True)):
        policy.write_text(f'@id("x") forbid (principal, action, {scope.format(name)});', encoding="utf-8")
        if wrong:
            with pytest.raises(PolicyMistakes, match='there is no connection "clnic"; did you mean "clinic"'):
                load_bundle(settings)
        else:
            assert load_bundle(settings).policies == {"x"}
            assert rehearse(settings) == []


def _with_policy(directory: Path, policy: Path) -> Path:
    policy.write_text("", encoding="utf-8")
    return write(directory, WHOLE + f'[policy]\nfiles = ["{policy.name}"]\n')
