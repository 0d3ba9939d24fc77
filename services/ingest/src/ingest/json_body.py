"""A small JSON body, as it streams in."""

from fastapi import Request
from starlette.requests import ClientDisconnect

from ingest.errors import ClientGoneError, InvalidBodyError


async def read_json_body(request: Request, limit_bytes: int) -> bytes:
    """All of it. Raises InvalidBodyError where it is longer, ClientGoneError."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit_bytes:
                raise InvalidBodyError(f"the JSON body is longer than {limit_bytes} bytes")
    except ClientDisconnect as exc:
        raise ClientGoneError("the client left") from exc
    return body
