"""`python -m feuilleton.contracts.asyncapi > docs/asyncapi.json`: the AsyncAPI 3 document of topics and messages."""

import inspect
import json
import sys
from typing import Any

from feuilleton.contracts.events import ALL_EVENTS, EventData
from feuilleton.contracts.topics import ALL_TOPICS, DAY_MS, Topic

_SCHEMAS = "#/components/schemas/"
_ENVELOPE = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data")


def asyncapi_document() -> dict[str, Any]:
    """The document as plain JSON values, the same for the same models."""
    schemas: dict[str, Any] = {}
    messages = {event.type: _message(event, schemas) for event in ALL_EVENTS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Feuilleton",
            "version": "1",
            "description": "Messages between the services of Feuilleton. Values are CloudEvents 1.0, structured JSON.",
        },
        "channels": {topic.name: _channel(topic) for topic in ALL_TOPICS},
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    carried = [event.type for event in ALL_EVENTS if event.topic is topic]
    return {
        "address": topic.name,
        "description": f"{topic.partitions} partitions, kept for {topic.retention_ms // DAY_MS} days.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in carried},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": _kafka(topic)}},
    }


def _kafka(topic: Topic) -> dict[str, Any]:
    config: dict[str, Any] = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_ms}
    return config | {"max.message.bytes": topic.max_message_bytes}


def _message(event: type[EventData], schemas: dict[str, Any]) -> dict[str, Any]:
    schema = event.model_json_schema(ref_template=_SCHEMAS + "{model}")
    schemas.update(schema.pop("$defs", {}))
    schema.pop("description", None)
    schemas[event.__name__] = schema
    return {
        "name": event.type,
        "title": event.__name__,
        "description": inspect.getdoc(event) or "",
        "contentType": "application/cloudevents+json",
        "payload": {
            "type": "object",
            "required": list(_ENVELOPE),
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "description": "uuid5 of job, attempt, kind and index: duplicates share it."},
                "source": {"type": "string"},
                "type": {"const": event.type},
                "subject": {"type": "string", "description": "The job."},
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": "application/json"},
                "data": {"$ref": _SCHEMAS + event.__name__},
            },
        },
    }


def main() -> None:
    json.dump(asyncapi_document(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
