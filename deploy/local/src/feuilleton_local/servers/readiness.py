"""Does a server answer: asked in its own protocol, since its port opens before it can do anything."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_ANSWER_SECONDS = 3.0


async def kafka_answers(bootstrap_servers: str) -> bool:
    """True when a metadata request is answered by a broker that knows of itself."""
    with _muted("aiokafka"):
        client = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap_servers, request_timeout_ms=int(_ANSWER_SECONDS * 1000)
        )
        try:
            await asyncio.wait_for(client.start(), _ANSWER_SECONDS)
            cluster = await asyncio.wait_for(client.describe_cluster(), _ANSWER_SECONDS)
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await client.close()
        return bool(cluster["brokers"])


async def postgres_answers(url: str) -> bool:
    """True when SELECT 1 is answered."""
    try:
        connection = await asyncpg.connect(url, timeout=_ANSWER_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return False
    try:
        return bool(await connection.fetchval("SELECT 1") == 1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
    finally:
        await connection.close(timeout=_ANSWER_SECONDS)


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
