"""What `interlock init` writes: settings, a policy and a catalog to start from, each explaining itself."""

from __future__ import annotations

_SETTINGS = """\
# Settings of an Interlock gateway. docs/reference/settings.md lists every table and key.
# Paths are taken from this file's directory. `interlock check` lists every mistake in here at once.

[log]
# The ledger's name: a host with a path and no scheme. It goes into every signature and stays for good.
origin = "{origin}"
# This node's name, and the key that it signs with; an entry signed by any other key counts for nothing.
node = "{node}"
node_key = "{node_key}"

[paths]
data = "data"  # the store: ledger, reviews, keys' hashes
keys = "keys"  # the secret keys that `interlock init` wrote, mode 0600

# The three ports. Off this machine they need tls_certificate and tls_key, two PEM files.
[listen.control]  # the console and /api: people only
host = "127.0.0.1"
port = 8080

[listen.agents]  # agents over HTTP
host = "127.0.0.1"
port = 8081

[listen.postgres]  # agents over PostgreSQL's protocol
host = "127.0.0.1"
port = 6432

[control]
# Where people reach the control port: links in notices and on cards start with it.
url = "http://127.0.0.1:8080"

# People vote. Agents and services ask, and each has an owner, who never votes on what it asks for.
# The pack `agents` sends reviews to privacy-officers and platform-engineers. These three are examples: put yours here.
[people.olga]
name = "Olga Owner"

[people.priya]
name = "Priya Privacy"
groups = ["privacy-officers"]

[people.paul]
name = "Paul Platform"
groups = ["platform-engineers"]

# An owner accepts in the console, on the page You; until then nothing that the agent presents is taken.
[agents.etl-agent]
owner = "olga"
groups = ["ai-agents"]
# [[agents.etl-agent.jwt]]  # instead of a key: tokens of an [issuers.NAME]
# issuer = "cluster"
# subject = "system:serviceaccount:etl:runner"

# [services.nightly-report]
# owner = "olga"
# groups = []

# What is protected. Clients name the connection as their database: dbname=clinic.
# Give Interlock a login of its own with the least rights that do, never a superuser.
# This one is an example. Take it out, and `interlock connection add` looks at yours and writes its table.
[connections.clinic]
kind = "postgres"
host = "127.0.0.1"
port = 5432
database = "clinic"
user = "interlock"
password = "env:CLINIC_PASSWORD"  # or file:PATH; a password itself doesn't belong in here
tls = "disable"  # only on this machine; elsewhere verify-full, with `ca` unless the system knows the authority
environment = "production"
tags = []  # policies can ask for these; a tag may name a regime, such as hipaa
catalog = "catalogs/clinic.toml"  # which columns bear which labels
content = "mask"  # looks into what bears none, too, and masks the names, numbers and secrets found there
# profile = "safe_harbor"  # masks by that profile's rules; without one, what is labelled becomes a constant
# unsafe_observe = true  # stops and masks nothing, and records what would have been: only to try policies out

[policy]
packs = ["agents"]
files = ["policies/local.cedar"]
# tools = ["tools/github.json"]  # what MCP's tools/list answers, with "connection" added
# zone = "Europe/Berlin"  # of context.hour; UTC otherwise
# Who signs when somebody proposes other policies (`interlock policy propose`). What the first start found stays in
# force until then, whatever is changed in the files.
approvers = "platform-engineers:1"

# Where people sign in; without it, with links that `interlock console link PERSON` makes.
# [oidc]
# issuer = "https://login.example.com/realms/acme"
# client_id = "interlock"
# client_secret = "env:OIDC_SECRET"

[votes]
# A vote needs a console session with a recent login, and a passkey of whoever has registered one.
recent_login = "1h"
# true would let votes by token count as well, which any program on a reviewer's machine could cast.
unsafe_token_votes = false

[limits]
sessions = 512
open_reviews_per_actor = 20
ledger_queue = 8192
login_seconds = 10
"""

LOCAL_POLICY = """\
// Policies of your own, in one bundle with the packs that interlock.toml names. docs/reference/policies.md has the
// words. A forbid beats every permit, and what no policy permits is denied.

// Nobody drops anything through Interlock.
@id("no-drop")
@because("Dropping is not done through Interlock.")
forbid (
    principal,
    action == Interlock::Action::"sql.drop",
    resource
);

// A forbid that a review lifts, for one action at a time. Remove the slashes to try it.
// @id("night-writes-need-platform-engineer")
// @because("Nobody watches at night.")
// @review("platform-engineers:1") @expires("1h") @valid("10m")
// forbid (principal, action in Interlock::Action::"write", resource)
// when { context.hour < 6 };
"""

CATALOG = """\
# Which columns bear which labels. A rule matches schema.table.column, where * stands for any run of characters in its
# part; a column bears the labels of every rule that matches it. A column that no rule matches bears none and comes back
# in clear. These are examples: put your own tables here.

[[column]]
match = "public.patients.ssn"
labels = ["phi.ssn"]

[[column]]
match = "public.patients.mrn"
labels = ["phi.mrn"]

[[column]]
match = "*.*.email"
labels = ["phi.email"]
"""


def settings_text(origin: str, node: str, node_key: str) -> str:
    """interlock.toml with its names and the node key filled in; all three are free of TOML's special characters."""
    return _SETTINGS.format(origin=origin, node=node, node_key=node_key)
