"""`feuilleton keys ...` and `feuilleton tenants ...`."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import BaseModel

from feuilleton_client.cli import options as opt
from feuilleton_client.cli.output import print_rows
from feuilleton_client.cli.session import Access, session
from feuilleton_client.identity import ApiKey, KeyWish, NewApiKey, Tenant, TenantNumbers


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"


keys_app = typer.Typer(name="keys", help="API keys of your tenant.", no_args_is_help=True)
tenants_app = typer.Typer(name="tenants", help="For operators: who uses this deployment.", no_args_is_help=True)

OfTenant = Annotated[str | None, typer.Option("--tenant", help="Another tenant than your own (operators).")]
TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="Lower-case letters, digits, - and _.")]
Uploads = Annotated[int | None, typer.Option("--uploads-per-hour", min=0, help="Instead of the deployment's number.")]
Days = Annotated[
    int | None, typer.Option("--retention-days", metavar="DAYS", help="How long jobs accepted from now on are kept.")
]
Share = Annotated[int | None, typer.Option("--share", help="Chunks in a row that are taken of its jobs, 1 to 4.")]


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    role: Annotated[Role, typer.Option(help="An admin makes and revokes keys.")] = Role.USER,
    scopes: Annotated[list[Scope] | None, typer.Option("--scope", help="May be given twice; both by default.")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="It ends by itself after so many.")] = None,
    tenant: OfTenant = None,
    env_file: opt.EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """Make a key and print it: it is shown this once."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    wish = KeyWish(name=name, role=role.value, scopes=scopes, expires_at=expires_at, tenant=tenant)
    with session(Access(env_file, opt.QUICK_SECONDS), as_json=as_json) as current:
        key = current.client.identity.create_key(wish)
    print_rows([key], _fields, as_json=as_json)


@keys_app.command("list")
def list_keys(
    tenant: OfTenant = None,
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """One line a key, newest first: id, how it begins, role, scopes, state, last use, name."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        print_rows(current.client.identity.keys(tenant), _fields, as_json=as_json)


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    env_file: opt.EnvFile = None,
    patience: opt.QuickPatience = opt.QUICK_SECONDS,
    as_json: opt.AsJson = False,
) -> None:
    """End a key for good, within ten seconds."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        current.client.identity.revoke_key(key_id)


@tenants_app.command("create")
def create_tenant(
    tenant: TenantArgument,
    name: Annotated[str, typer.Option(help="For people.")],
    *,
    uploads_per_hour: Uploads = None,
    retention_days: Days = None,
    share: Share = None,
    env_file: opt.EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """Make a tenant. Its first key: feuilleton keys create NAME --tenant TENANT --role admin."""
    with session(Access(env_file, opt.QUICK_SECONDS), as_json=as_json) as current:
        numbers = TenantNumbers(uploads_per_hour=uploads_per_hour, retention_days=retention_days, share=share)
        made = current.client.identity.create_tenant(tenant, name, numbers)
    print_rows([made], _fields, as_json=as_json)


@tenants_app.command("change")
def change_tenant(
    tenant: TenantArgument,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    *,
    uploads_per_hour: Uploads = None,
    retention_days: Days = None,
    share: Share = None,
    env_file: opt.EnvFile = None,
    as_json: opt.AsJson = False,
) -> None:
    """Change what is given."""
    with session(Access(env_file, opt.QUICK_SECONDS), as_json=as_json) as current:
        numbers = TenantNumbers(uploads_per_hour=uploads_per_hour, retention_days=retention_days, share=share)
        made = current.client.identity.change_tenant(tenant, numbers, name=name)
    print_rows([made], _fields, as_json=as_json)


@tenants_app.command("list")
def list_tenants(
    env_file: opt.EnvFile = None, patience: opt.QuickPatience = opt.QUICK_SECONDS, as_json: opt.AsJson = False
) -> None:
    """One line a tenant: id, uploads an hour (`-`: the deployment's number), since when, name."""
    with session(Access(env_file, patience), as_json=as_json) as current:
        print_rows(current.client.identity.tenants(), _fields, as_json=as_json)


def _fields(each: BaseModel) -> tuple[str, ...]:
    match each:
        case NewApiKey():
            return (each.key,)
        case ApiKey():
            used = _day(each.last_used_at)
            return each.id, each.hint, each.role, ",".join(each.scopes), _state(each), used, each.name
        case Tenant():
            uploads = "-" if each.uploads_per_hour is None else str(each.uploads_per_hour)
            return each.tenant, uploads, _day(each.created_at), each.name
        case _:
            raise TypeError(type(each).__name__)


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None:
        return "good"
    return "expired" if key.expires_at <= datetime.now(UTC) else f"until {_day(key.expires_at)}"


def _day(when: datetime | None) -> str:
    return when.date().isoformat() if when else "-"
