"""One post over real sockets on loopback: what the receiver sees, and what becomes of each way to fail."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from feuilleton.contracts.ids import TenantId
from feuilleton_local.ports import LOOPBACK, free_ports
from status_api.webhooks.addresses import read_networks
from status_api.webhooks.events import WebhookEvent
from status_api.webhooks.guard import Guard
from status_api.webhooks.ports import DeliveryId, Endpoint, EndpointId, Parcel
from status_api.webhooks.sender import Answer, Limits, Sender
from status_api.webhooks.signing import new_secret
from tests.fakes.webhook_receiver import answer, certified, receiving
from tests.unit.status_api.webhooks.test_webhook_guard import Names

NAME = "receiver.test"
SECRET = new_secret()
BODY = json.dumps({"type": "job.ended", "data": {"name": "L’Été.pdf"}}, ensure_ascii=False)
LOCAL = read_networks("127.0.0.0/8")


def parcel(url: str) -> Parcel:
    now = datetime.now(UTC)
    endpoint = Endpoint(EndpointId("e"), TenantId("acme"), url, (WebhookEvent.JOB_ENDED,), SECRET, now)
    return Parcel(DeliveryId("d"), "lease", endpoint, "event-1", BODY, 1, now)


def sender(*addresses: Sequence[str], seconds: float = 20.0, permitted: bool = True) -> Sender:
    guard = Guard(Names(*(addresses or ([LOOPBACK],))), permitted=LOCAL if permitted else ())
    return Sender(guard, limits=Limits(connect_seconds=seconds, total_seconds=seconds), plain_http=True)


async def post(made: Sender, url: str) -> Answer:
    return await made.post(parcel(url), datetime.now(UTC))


async def test_a_message_arrives_signed_and_with_the_name_in_host() -> None:
    async with receiving() as receiver:
        assert (await post(sender(), f"http://{NAME}:{receiver.port}/hook?a=1")).accepted
    (came,) = receiver.posts
    assert came.line == "POST /hook?a=1 HTTP/1.1"
    assert came.headers["host"] == f"{NAME}:{receiver.port}"
    assert came.headers["content-type"] == "application/json"
    assert came.headers["webhook-id"] == "event-1"
    assert Webhook(SECRET).verify(came.body, dict(came.headers)) == json.loads(BODY)
    assert not {"authorization", "cookie", "traceparent"} & set(came.headers)


async def test_over_tls_the_name_is_asked_for_and_its_certificate_is_checked(tmp_path: Path) -> None:
    tls = certified(NAME, tmp_path)
    async with receiving(tls=tls.server) as receiver:
        made = Sender(Guard(Names([LOOPBACK]), permitted=LOCAL), limits=Limits(), plain_http=False, tls=tls.client)
        assert (await post(made, f"https://{NAME}:{receiver.port}/")).status == 200
        assert receiver.server_names == [NAME]
        assert receiver.posts[0].headers["host"] == f"{NAME}:{receiver.port}"
        assert await post(made, f"https://other.test:{receiver.port}/") == Answer(error="tls_failed")
        stranger = Sender(Guard(Names([LOOPBACK]), permitted=LOCAL), limits=Limits(), plain_http=False)
        assert await post(stranger, f"https://{NAME}:{receiver.port}/") == Answer(error="tls_failed")
    assert len(receiver.posts) == 1


async def test_a_name_that_turns_private_after_the_check_is_not_asked_for_again() -> None:
    """DNS rebinding: the second answer is where our secrets would be; the first one is what is connected to."""
    async with receiving() as public, receiving(port=0) as private:
        names = Names([LOOPBACK], ["127.0.0.2"])
        made = Sender(Guard(names, permitted=read_networks("127.0.0.1/32")), limits=Limits(), plain_http=True)
        assert (await post(made, f"http://{NAME}:{public.port}/")).accepted
        assert names.asked == 1
        assert await post(made, f"http://{NAME}:{public.port}/") == Answer(error="address_refused")
    assert (len(public.posts), private.connections) == (1, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1"])
async def test_without_leave_nothing_is_even_connected_to_here(host: str) -> None:
    async with receiving() as receiver:
        made = sender([LOOPBACK], permitted=False)
        assert await post(made, f"http://{host}:{receiver.port}/") == Answer(error="address_refused")
        assert receiver.connections == 0


async def test_plain_http_needs_leave() -> None:
    async with receiving() as receiver:
        made = Sender(Guard(Names([LOOPBACK]), permitted=LOCAL), limits=Limits(), plain_http=False)
        assert await post(made, f"http://{NAME}:{receiver.port}/") == Answer(error="address_refused")
        assert receiver.connections == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    async with receiving() as elsewhere, receiving(answer(status, Location="/")) as receiver:
        receiver.answers = [answer(status, Location=f"http://{NAME}:{elsewhere.port}/")]
        assert (await post(sender(), f"http://{NAME}:{receiver.port}/")).status == status
        assert elsewhere.connections == 0


async def test_a_receivers_wish_to_wait_is_read_and_nonsense_is_not() -> None:
    given = [answer(503, Retry_After=text) for text in ("120", "soon", "-1", "9" * 40)]
    async with receiving(*given) as receiver:
        answers = [await post(sender(), f"http://{NAME}:{receiver.port}/") for _ in given]
    assert answers == [Answer(503, retry_after_seconds=120), *[Answer(503)] * 3]


async def test_a_silent_receiver_costs_no_more_than_the_limit() -> None:
    async with receiving(None) as receiver:
        assert await post(sender(seconds=0.3), f"http://{NAME}:{receiver.port}/") == Answer(error="timeout")


async def test_a_slow_name_server_costs_no_more_than_the_limit() -> None:
    async def never(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    made = Sender(Guard(never), limits=Limits(total_seconds=0.2), plain_http=True)
    assert await post(made, f"http://{NAME}/") == Answer(error="timeout")


async def test_an_endless_answer_is_not_read() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000
    headers = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(1000))
    async with receiving(endless, headers) as receiver:
        assert (await post(sender(), f"http://{NAME}:{receiver.port}/")).status == 200
        assert await post(sender(), f"http://{NAME}:{receiver.port}/") == Answer(error="unreachable")


@pytest.mark.parametrize("garbage", [b"hello\r\n\r\n", b"", b"HTTP/1.1 999999 X\r\n\r\n", b"\x16\x03\x01\x02\x00"])
async def test_what_is_no_http_is_a_failure_of_the_receiver(garbage: bytes) -> None:
    async with receiving(garbage) as receiver:
        assert await post(sender(), f"http://{NAME}:{receiver.port}/") == Answer(error="unreachable")


async def test_nobody_there_is_told_and_another_address_of_the_name_is_tried() -> None:
    (port,) = free_ports(1)
    assert await post(sender(), f"http://{NAME}:{port}/") == Answer(error="unreachable")
    async with receiving() as receiver:
        for addresses in (["127.0.0.2", LOOPBACK], [LOOPBACK, "127.0.0.2"]):
            assert (await post(sender(addresses), f"http://{NAME}:{receiver.port}/")).accepted


async def test_a_name_that_nobody_knows_is_told() -> None:
    assert await post(sender([]), f"http://{NAME}/") == Answer(error="name_unknown")
