"""`interlock connection add`: looks at a PostgreSQL with the login it is to have, and puts it into interlock.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from interlock import settings as settings_file
from interlock.cli.connection_findings import examine, refused
from interlock.cli.connection_table import Value, append_table, read_catalog, read_table, refuse_taken, table_text
from interlock.cli.doctor_findings import Finding, Level, show, worst
from interlock.cli.operator_client import DEFAULT_SETTINGS, SettingsOption
from interlock.errors import InterlockError, Mistakes
from interlock.model.settings import ConnectionSettings, Listen, Settings
from interlock.settings.addresses import is_loopback
from interlock.upstreams.grants import GrantPlan, grants_sql

_PEM: Final = "A PEM file; paths are taken from the settings' directory."

Name = Annotated[str, typer.Argument(help="What clients will call it: their dbname.")]
Host = Annotated[str, typer.Option("--host", help="The server, by the name on its certificate.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535)]
Database = Annotated[str, typer.Option("--database", help="The database there.")]
User = Annotated[str, typer.Option("--user", help="The login that the gateway uses, its own and nobody else's.")]
Password = Annotated[str, typer.Option("--password-from", metavar="env:VAR|file:PATH", help="Where the password is.")]
Tls = Annotated[str, typer.Option("--tls", help="verify-full, or disable; disable unless said on this machine.")]
Ca = Annotated[str, typer.Option("--ca", help=f"Who may sign the server's certificate. {_PEM}")]
Login = Annotated[str, typer.Option("--login", help="scram-sha-256, md5, certificate or trust.")]
Certificate = Annotated[str, typer.Option("--certificate", help=f"Ours, for a server that asks. {_PEM}")]
Key = Annotated[str, typer.Option("--key", help=f"The certificate's key. {_PEM}")]
DirectTls = Annotated[bool, typer.Option("--direct-tls", help="TLS from the first byte (PostgreSQL 17).")]
Binding = Annotated[bool, typer.Option("--channel-binding", help="SCRAM-SHA-256-PLUS or nothing.")]
Environment = Annotated[str, typer.Option("--environment", help="What policies see as context.environment.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="What policies see in context.tags.")]
Catalog = Annotated[
    str, typer.Option("--catalog", help="Which columns bear which labels. From the settings' directory.")
]
Schemas = Annotated[list[str] | None, typer.Option("--schema", help="For the grants: a schema; public unless said.")]
Write = Annotated[bool, typer.Option("--write", help="For the grants: INSERT, UPDATE and DELETE, too.")]
Creators = Annotated[
    list[str] | None, typer.Option("--creator", help="For the grants: who makes tables; later ones are granted, too.")
]
PrintGrants = Annotated[bool, typer.Option("--print-grants", help="Print the SQL that makes the login, and end.")]
Unsafe = Annotated[bool, typer.Option("--unsafe-superuser", help="Take a login that is more than its grants.")]
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask before writing.")]


def add(
    name: Name,
    host: Host,
    database: Database,
    user: User,
    port: Port = 5432,
    password_from: Password = "",
    tls: Tls = "",
    ca: Ca = "",
    login: Login = "scram-sha-256",
    certificate: Certificate = "",
    key: Key = "",
    direct_tls: DirectTls = False,
    channel_binding: Binding = False,
    environment: Environment = "production",
    tag: Tags = None,
    catalog: Catalog = "",
    schema: Schemas = None,
    write: Write = False,
    creator: Creators = None,
    print_grants: PrintGrants = False,
    unsafe_superuser: Unsafe = False,
    yes: Yes = False,
    settings: SettingsOption = DEFAULT_SETTINGS,
) -> None:
    """Look at a PostgreSQL with the gateway's login, tell what it reaches, and add it to the settings.

    A login that is more than its grants is refused, and the SQL for a better one printed. Exit code 1 when the
    connection isn't fit to be added; nothing is written then. The gateway reads its settings when it starts.
    """
    tls = tls or ("disable" if is_loopback(host) else "verify-full")
    schemas = tuple(dict.fromkeys(schema or ["public"]))
    plan = GrantPlan(user, database, schemas, write, tuple(creator or ()), login, tls)
    if print_grants:
        typer.echo(grants_sql(plan), nl=False)
        return
    refuse_taken(settings, name)
    values: dict[str, Value] = {"kind": "postgres", "host": host, "port": port, "database": database, "user": user}
    optional: dict[str, Value] = {"password": _reference(password_from), "tls": tls, "ca": ca}
    optional |= {"login": "" if login == "scram-sha-256" else login, "certificate": certificate, "key": key}
    optional |= {"direct_tls": direct_tls, "channel_binding": channel_binding, "environment": environment}
    optional |= {"tags": tag or [], "catalog": catalog, "unsafe_superuser": unsafe_superuser}
    values |= {key: value for key, value in optional.items() if value}
    text = table_text(name, values)
    findings = _look(name, read_table(settings, name, text), settings, plan)
    if unsafe_superuser and any(each.check == f"{name}.might" and each.level is Level.OK for each in findings):
        typer.echo("--unsafe-superuser is left out: this login needs no such leave.")
        del values["unsafe_superuser"]
        text = table_text(name, values)
    if not yes and not typer.confirm(f"Write [connections.{name}] into {settings.name}?"):
        raise typer.Exit(1)
    _tell_next(name, settings, append_table(settings, name, text))


def _reference(text: str) -> str:
    """A password itself would stand in the process list and the shell's history."""
    if text and not text.startswith(("env:", "file:")):
        raise InterlockError("--password-from: give env:NAME or file:PATH, never the password itself", code="bad_usage")
    return text


def _look(name: str, connection: ConnectionSettings, settings: Path, plan: GrantPlan) -> list[Finding]:
    """Shows what there is to see, and gives it; ends with exit code 1 when something of it fails."""
    findings = list(examine(name, connection, read_catalog(connection.catalog)))
    show(findings, Console(highlight=False))
    if worst(findings) is not Level.FAIL:
        return findings
    typer.echo(f"Nothing was written to {settings.name}.")
    if refused(findings):
        typer.echo(f"\nWhat makes a login that is fit:\n\n{grants_sql(plan)}", nl=False)
    raise typer.Exit(1)


def _tell_next(name: str, file: Path, settings: Settings) -> None:
    typer.echo(f"Added [connections.{name}] to {file.name}. `interlock serve` reads it when it starts: restart it.")
    for sentence in (*_unsafe(name, settings), *_not_in_force(settings)):
        typer.echo(f"warning: {sentence}", err=True)
    listen, actor = settings.postgres, next(iter(sorted(settings.actors)), "AGENT")
    typer.echo("Agents then connect with a key of theirs (`interlock token create`) as password:")
    typer.echo(f'  psql "host={_host(listen)} port={listen.port} dbname={name} user={actor}{_tls(listen)}"')


def _unsafe(name: str, settings: Settings) -> list[str]:
    return [each for each in settings_file.unsafe(settings) if each.startswith(f"[connections.{name}] ")]


def _not_in_force(settings: Settings) -> list[str]:
    from interlock.cli.in_force import why_not_in_force  # brings the whole gateway, which takes seconds

    try:
        told = why_not_in_force(settings)
    except Mistakes:
        return ["the policies or catalogs have mistakes: `interlock check` lists them"]
    return [told] if told else []


def _host(listen: Listen) -> str:
    return "GATEWAY" if listen.host in ("0.0.0.0", "::") else listen.host  # noqa: S104  what it listens on


def _tls(listen: Listen) -> str:
    return " sslmode=verify-full" if listen.tls else " sslmode=disable"
