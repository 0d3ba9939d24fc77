"""The statement of a page of jobs. What is not filtered by does not stand in it, so that an index serves the rest."""

from collections.abc import Iterator
from datetime import datetime

from feuilleton.contracts.ids import JobId, TenantId
from status_api.adapters.rows import JOB_COLUMNS
from status_api.ports import JobFilter

_NAME = "coalesce(names.name, jobs.name)"
_SHOWN = ", ".join(f"{_NAME} AS name" if name == "name" else f"jobs.{name}" for name in JOB_COLUMNS.split(", "))
SHOWN_JOBS = f"""
    SELECT {_SHOWN} FROM projection.jobs LEFT JOIN status.names ON names.job = jobs.job AND names.tenant = jobs.tenant
"""  # noqa: S608 (constants of this package)
"""The rows of accepted jobs as users see them: with the name that they gave."""

Condition = tuple[str, tuple[object, ...]]


def list_statement(
    tenant: TenantId, wanted: JobFilter, before: tuple[datetime, JobId] | None, limit: int
) -> tuple[str, list[object]]:
    """The statement and its values. Pure."""
    values: list[object] = [tenant]
    parts = ["jobs.tenant = $1", "jobs.accepted_at IS NOT NULL", "NOT jobs.deleted"]
    for text, added in _conditions(wanted, before):
        places = [f"${number}" for number in range(len(values) + 1, len(values) + len(added) + 1)]
        parts.append(text.format(*places))
        values += added
    values.append(limit)
    order = f"ORDER BY jobs.accepted_at DESC, jobs.job DESC LIMIT ${len(values)}"
    return f"{SHOWN_JOBS} WHERE {' AND '.join(parts)} {order}", values


def _conditions(wanted: JobFilter, before: tuple[datetime, JobId] | None) -> Iterator[Condition]:
    if before is not None:
        yield "(jobs.accepted_at, jobs.job) < ({}, {})", before
    if len(wanted.statuses) == 1:
        yield "jobs.status = {}", tuple(wanted.statuses)  # an equation keeps the order of the index
    elif wanted.statuses:
        yield "jobs.status = ANY({})", (sorted(wanted.statuses),)
    if wanted.created_after is not None:
        yield "jobs.accepted_at >= {}", (wanted.created_after,)
    if wanted.created_before is not None:
        yield "jobs.accepted_at < {}", (wanted.created_before,)
    if wanted.name is not None:
        yield f"position(lower({{}}::text) IN lower({_NAME})) > 0", (wanted.name,)
