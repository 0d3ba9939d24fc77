"""Does a server answer: asked in its own protocol, since its port opens before it can do anything."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_ANSWER_SECONDS = 3.0


async def why_no_kafka(bootstrap_servers: str) -> str | None:
    """None when a metadata request is answered by a broker that knows of itself, else why not."""
    with _muted("aiokafka"):
        client = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap_servers, request_timeout_ms=int(_ANSWER_SECONDS * 1000)
        )
        try:
            await asyncio.wait_for(client.start(), _ANSWER_SECONDS)
            cluster = await asyncio.wait_for(client.describe_cluster(), _ANSWER_SECONDS)
        except (KafkaError, OSError, TimeoutError) as failure:
            return _words(failure)
        finally:
            await client.close()
        return None if cluster["brokers"] else "no broker in its metadata"


async def why_no_postgres(url: str, *, tls: bool = True) -> str | None:
    """None when SELECT 1 is answered, else why not. Without `tls` no certificates are looked for in HOME."""
    try:
        connection = await asyncpg.connect(url, timeout=_ANSWER_SECONDS, ssl=None if tls else False)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as failure:
        return _words(failure)
    try:
        await connection.execute("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as failure:
        return _words(failure)
    finally:
        await connection.close(timeout=_ANSWER_SECONDS)
    return None


def _words(failure: Exception) -> str:
    return f"no answer: {str(failure) or type(failure).__name__}"


@contextmanager
def _muted(name: str) -> Iterator[None]:
    """No log lines of a client that knocks on a door that is expected to be closed for a while."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
