"""Walks every route of an OpenAPI document with the credential of one tenant, after what belongs to another."""

import json
from collections.abc import Iterator, Mapping
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
    own: Mapping[str, str] = field(default_factory=dict)
    """What the walking tenant has itself: the last id of a path is also asked for below what is its own."""
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

    @property
    def path_names(self) -> list[str]:
        return [each["name"] for each in self.parameters("path")]

    def body(self, foreign: Foreign, ids: Mapping[str, str]) -> Json | None:
        """A good one. Where a field of it takes an id, the id is there."""
        content = self.described.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        schema = content["application/json"]["schema"]
        known = foreign.bodies.get(self.name)
        made: Json = a_value(schema, self.document) if known is None else dict(known)
        return {**made, **{name: ids[name] for name in self.body_names(foreign)}}

    def body_names(self, foreign: Foreign) -> set[str]:
        content = self.described.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        return set(_resolved(schema, self.document).get("properties", ())) & set(foreign.ids)


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
        changing = operation.method not in {"GET", "HEAD"}  # once is enough of what changes things
        accepts = _ACCEPTS[:1] if changing else _ACCEPTS
        for own, query, accept in product(_own_parts(operation, foreign), _queries(operation, foreign), accepts):
            asked.append(_ask(_Question(operation, foreign, own, query, accept), client))
    return asked


def statuses(document: Json, client: httpx.Client, foreign: Foreign) -> dict[str, int]:
    """What each operation answers to this client, by name."""
    found = {}
    for operation in operations(document):
        if not _unknown(operation, foreign):
            found[operation.name] = _send(_Question(operation, foreign, {}, {}, "*/*"), client, foreign.ids).status
    return found


def _own_parts(operation: _Operation, foreign: Foreign) -> list[Mapping[str, str]]:
    """Nothing own in the path; and all but its last id, where it has several."""
    names = [name for name in operation.path_names if name in foreign.ids]
    above = {name: foreign.own[name] for name in names[:-1] if name in foreign.own}
    return [{}, above] if above else [{}]


def _unknown(operation: _Operation, foreign: Foreign) -> str:
    unknown = set(operation.path_names) - set(foreign.ids) - set(foreign.constants)
    return ", ".join(sorted(unknown))


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
class _Question:
    """A value None in the query stands for an id; `own` takes the place of ids in the path."""

    operation: _Operation
    foreign: Foreign
    own: Mapping[str, str]
    query: Json
    accept: str

    def target(self, ids: Mapping[str, str]) -> str:
        return self.operation.path.format_map({**ids, **self.foreign.constants, **self.own})

    def sent(self, ids: Mapping[str, str]) -> dict[str, str]:
        """The ids that stand in it, by name."""
        query = {name for name, value in self.query.items() if value is None}
        names = {*self.operation.path_names, *query, *self.operation.body_names(self.foreign)} - set(self.own)
        return {name: ids[name] for name in names if name in ids}


@dataclass(frozen=True)
class _Answer:
    status: int
    text: str


def _ask(question: _Question, client: httpx.Client) -> Asked:
    foreign = question.foreign
    answer = _send(question, client, foreign.ids)
    finding = ""
    if told := sorted(secret for secret in foreign.secrets if secret in answer.text):
        finding = f"tells {told}"
    elif question.sent(foreign.ids):
        control = _send(question, client, foreign.nobodys)
        if answer.status not in _HIDDEN:
            finding = f"is not hidden: {answer.text[:300]}"
        elif answer != control:
            finding = f"an id of nobody gets {control.status} {control.text[:300]}, this one {answer.text[:300]}"
    return Asked(question.operation.method, question.target(foreign.ids), answer.status, finding)


def _send(question: _Question, client: httpx.Client, ids: Mapping[str, str]) -> _Answer:
    params = {name: ids[name] if value is None else value for name, value in question.query.items()}
    body = question.operation.body(question.foreign, ids)
    headers = {"Accept": question.accept, "Idempotency-Key": "walk"}
    method, target = question.operation.method, question.target(ids)
    with client.stream(method, target, params=params, json=body, headers=headers) as response:
        text = _beginning(response)
    kept = {name: value for name, value in response.headers.items() if name not in _OF_THE_MOMENT}
    text = f"{json.dumps(kept)}\n{text}"
    for name, value in question.sent(ids).items():  # what was sent may come back
        text = text.replace(value, f"<{name}>")
    return _Answer(response.status_code, text)


def _beginning(response: httpx.Response) -> str:
    read = b""
    for piece in response.iter_bytes():
        read += piece
        if len(read) > _READ_BYTES:
            break
    return read.decode(errors="replace")


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        schema = document["components"]["schemas"][name]
    return schema


def a_value(schema: Json, document: Json) -> Any:
    """A value that the schema takes, as plain as can be; its own example where it has one."""
    schema = _resolved(schema, document)
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
