"""Package and image registries: npm, PyPI, Docker Hub, RubyGems, NuGet, crates.io, Clojars, Artifactory."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_registries",
    (
        token("npm.token", r"npm_[A-Za-z0-9]{36,}", "secret.npm"),
        token("pypi.token", r"pypi-AgE[A-Za-z0-9_-]{50,}", "secret.pypi", longest=512),
        token("docker.token", r"dckr_(pat|oat)_[A-Za-z0-9_-]{27,}", "secret.docker"),
        token("rubygems.key", r"rubygems_[0-9a-f]{48}", "secret.rubygems"),
        token("nuget.key", r"oy2[a-z0-9]{43}", "secret.nuget", beside=Beside.WORD, random=True),
        token("crates.token", r"cio[A-Za-z0-9]{32}", "secret.crates", beside=Beside.WORD, random=True),
        token("clojars.token", r"CLOJARS_[a-z0-9]{60}", "secret.clojars"),
        token("artifactory.key", r"AKC[a-zA-Z0-9]{70}", "secret.artifactory", beside=Beside.WORD, random=True),
        token("artifactory.reference", r"cmVmdGtuOj[A-Za-z0-9]{54}", "secret.artifactory"),
    ),
    "tokens of npm, PyPI, Docker Hub, RubyGems, NuGet, crates.io and Artifactory",
)
