"""Walks every route of an OpenAPI document with the credential of one tenant, after what belongs to another."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import httpx

Json = dict[str, Any]
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_ACCEPTS = ("*/*", "application/json", "application/jsonl", "text/csv", "text/event-stream")
_HIDDEN = frozenset({403, 404})
_OF_THE_MOMENT = frozenset({"date", "content-length", "ratelimit", "ratelimit-remaining", "ratelimit-reset"})
_READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class Foreign:
    """What the other tenant has: an id for each name that a parameter may have, the same of nobody, and `secrets`,
    which no answer may hold.
    """

    ids: Mapping[str, str]
    nobodys: Mapping[str, str]
    secrets: frozenset[str]
    bodies: Mapping[str, Json] = field(default_factory=dict)
    """By "METHOD /path/{template}": a good body, where the document does not tell one."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Parameters of a path that name nothing of anybody, such as a format."""


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    status: int
    finding: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status} {self.finding}".rstrip()


@dataclass(frozen=True)
class _Operation:
    method: str
    path: str
    document: Json
    described: Json

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[Json]:
        return [each for each in self.described.get("parameters", ()) if each["in"] == place]

    def body(self, foreign: Foreign) -> Json | None:
        if self.name in foreign.bodies:
            return foreign.bodies[self.name]
        content = self.described.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        made: Json = a_value(content["application/json"]["schema"], self.document)
        return made


def operations(document: Json) -> Iterator[_Operation]:
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield _Operation(method.upper(), path, document, methods[method])


def walk(document: Json, client: httpx.Client, foreign: Foreign) -> list[Asked]:
    """Ask every operation in several ways. What has a `finding` is a leak, or was not asked in a way that could show
    one: an id of another tenant must be answered just as one of nobody is.
    """
    asked: list[Asked] = []
    for operation in operations(document):
        unknown = _unknown(operation, foreign)
        if unknown:
            asked.append(Asked(operation.method, operation.path, 0, f"whose is {unknown}? name it in the walk"))
            continue
        for query, accept in product(_queries(operation, foreign), _ACCEPTS):
            asked.append(_ask(operation, client, foreign, query, accept))
            if operation.method not in {"GET", "HEAD"}:
                break  # once is enough of what changes things
    return asked


def statuses(document: Json, client: httpx.Client, foreign: Foreign) -> dict[str, int]:
    """What each operation answers to this client, by name."""
    found = {}
    for operation in operations(document):
        if not _unknown(operation, foreign):
            found[operation.name] = _send(operation, client, foreign, foreign.ids, {}, "*/*").status
    return found


def _unknown(operation: _Operation, foreign: Foreign) -> str:
    names = [each["name"] for each in operation.parameters("path")]
    return ", ".join(name for name in names if name not in foreign.ids and name not in foreign.constants)


def _queries(operation: _Operation, foreign: Foreign) -> list[Json]:
    """Without what may be left out; with the first attempt; and with each id that a parameter of the query takes."""
    described = operation.parameters("query")
    needed = {each["name"]: a_value(each["schema"], operation.document) for each in described if each.get("required")}
    names = {each["name"] for each in described}
    found = [needed]
    if "attempt" in names:
        found.append({**needed, "attempt": 1})
    found += [{**needed, name: None} for name in sorted(names & set(foreign.ids))]
    return found


@dataclass(frozen=True)
class _Answer:
    status: int
    text: str


def _ask(operation: _Operation, client: httpx.Client, foreign: Foreign, query: Json, accept: str) -> Asked:
    answer = _send(operation, client, foreign, foreign.ids, query, accept)
    names_one = any(name in foreign.ids for name in _names(operation, query))
    finding = ""
    if told := sorted(secret for secret in foreign.secrets if secret in answer.text):
        finding = f"tells {told}"
    elif names_one:
        control = _send(operation, client, foreign, foreign.nobodys, query, accept)
        if answer.status not in _HIDDEN:
            finding = f"is not hidden: {answer.text[:200]}"
        elif answer != control:
            finding = f"an id of nobody gets {control.status} {control.text[:200]}, this one {answer.text[:200]}"
    return Asked(operation.method, _target(operation, foreign.ids, foreign.constants), answer.status, finding)


def _names(operation: _Operation, query: Json) -> Iterable[str]:
    yield from (each["name"] for each in operation.parameters("path"))
    yield from (name for name, value in query.items() if value is None)


def _target(operation: _Operation, ids: Mapping[str, str], constants: Mapping[str, str]) -> str:
    return operation.path.format_map({**ids, **constants})


def _send(
    operation: _Operation,
    client: httpx.Client,
    foreign: Foreign,
    ids: Mapping[str, str],
    query: Json,
    accept: str,
) -> _Answer:
    path = _target(operation, ids, foreign.constants)
    params = {name: ids[name] if value is None else value for name, value in query.items()}
    headers = {"Accept": accept}
    body = operation.body(foreign)
    with client.stream(operation.method, path, params=params, json=body, headers=headers) as response:
        text = _beginning(response)
    kept = {name: value for name, value in response.headers.items() if name not in _OF_THE_MOMENT}
    text = f"{json.dumps(kept)}\n{text}"
    in_path = {each["name"]: ids[each["name"]] for each in operation.parameters("path") if each["name"] in ids}
    for name, value in {**in_path, **params}.items():  # what was sent may come back
        text = text.replace(str(value), f"<{name}>")
    return _Answer(response.status_code, text)


def _beginning(response: httpx.Response) -> str:
    read = b""
    for piece in response.iter_bytes():
        read += piece
        if len(read) > _READ_BYTES:
            break
    return read.decode(errors="replace")


def a_value(schema: Json, document: Json) -> Any:
    """A value that the schema takes, as plain as can be; its own example where it has one."""
    if "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        return a_value(document["components"]["schemas"][name], document)
    for known in ("const", "default"):
        if schema.get(known) is not None:
            return schema[known]
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return a_value(schema[several][0], document)
    return _of_type(schema, document)


def _of_type(schema: Json, document: Json) -> Any:
    match schema.get("type"):
        case "object":
            wanted = schema.get("required", ())
            return {name: a_value(schema["properties"][name], document) for name in wanted}
        case "array":
            return [a_value(schema["items"], document) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            formats = {"date-time": "2099-01-01T00:00:00Z", "uri": "https://example.org/"}
            return formats.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
