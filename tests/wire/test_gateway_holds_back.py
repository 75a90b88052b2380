"""What the gateway makes of a sick platform and of quotas: on the sandbox, over a real socket, with the library's own clients."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.stage import Set, on_stage, refused
from durable.platform_stage import MemoryTokens
from durable.youtube_stage import open_youtube
from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.youtube import calls
from waooaw_social.platforms.youtube.manifest import YOUTUBE
from waooaw_social.wire.breaker import MemoryBreaker, State
from waooaw_social.wire.holding import Budgets
from waooaw_social.wire.ports import Errand, NotSent, Purpose, Saturated
from waooaw_social.wire.retry import UNHURRIED

pytestmark = pytest.mark.anyio
ERRAND = Errand(customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef("CRED-1"), platform=YOUTUBE)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Set]:
    async with open_youtube(tmp_path) as house, on_stage(house) as opened:
        opened.wiring.gateway.breaker = MemoryBreaker(clock=opened.clock)
        yield opened


async def ask(stage: Set, **errand: Any) -> Any:
    return await stage.wiring.gateway.send(calls.my_channel(), replace(ERRAND, **errand))


async def test_a_platform_that_is_down_for_ten_minutes_gets_fewer_than_fifteen_calls_and_is_back_soon_after(
    stage: Set,
) -> None:
    await stage.fault("status", status=503, times=1000)
    asked = 0
    while stage.clock.offset < 600:
        await asyncio.gather(*(ask(stage) for _ in range(3)))
        asked += 3
        await stage.clock.advance(5.0)
    calls_made = len(await stage.routes())
    assert 5 <= calls_made < 15 < asked
    await stage.house.client.delete(f"{stage.house.base}/_sandbox/faults")
    await stage.clock.advance(121)
    assert isinstance(await ask(stage), Reply) and isinstance(await ask(stage), Reply)
    assert stage.wiring.gateway.breaker.circuits[(YOUTUBE, "api")].state is State.CLOSED


async def test_fifty_at_once_at_half_open_are_one_call(stage: Set) -> None:
    await stage.fault("status", status=503, times=5)
    await asyncio.gather(*(ask(stage) for _ in range(1)))
    assert len(await stage.routes()) == 5
    await stage.clock.advance(61)
    breaker = stage.wiring.gateway.breaker
    probes = [a for a in [await breaker.admit(YOUTUBE, "api") for _ in range(50)] if getattr(a, "probe", None)]
    assert len(probes) == 1


async def test_a_library_caller_is_told_at_once_when_to_come_again(stage: Set) -> None:
    await stage.fault("status", status=503, times=5)
    await refused(stage.short())
    before, waited = len(await stage.routes()), stage.clock.offset
    error = await refused(stage.short())
    assert (error.error_code, error.is_transient) == ("platform_resting", True)
    assert 0 < (error.retry_after or 0) <= 60 and "YouTube" in error.message and "UTC" in error.message
    assert len(await stage.routes()) == before and stage.clock.offset == waited


@pytest.mark.parametrize(
    "fault",
    [{"fault": "status", "status": 429}, {"fault": "status", "status": 404}, {"fault": "error", "reason": "forbidden"}],
)
async def test_a_customers_error_and_a_429_open_nothing(stage: Set, fault: dict[str, Any]) -> None:
    await stage.fault(times=100, **fault)
    for _ in range(8):
        await ask(stage)
    assert stage.wiring.gateway.breaker.circuits == {}


async def test_our_own_saturation_and_a_cancelled_call_open_nothing(stage: Set) -> None:
    gateway = stage.wiring.gateway
    transport = gateway.transport

    class Full:
        def host_of(self, url: str) -> str:
            return transport.host_of(url)

        async def send(self, *_: object, **__: object) -> Reply:
            raise Saturated("no connection was free")

    gateway.transport = Full()  # type: ignore[assignment]
    for _ in range(3):
        assert isinstance(await ask(stage), NotSent)
    gateway.transport = transport
    await stage.fault("delay", seconds=5.0, times=10)
    for _ in range(6):
        task = asyncio.create_task(ask(stage))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert gateway.breaker.circuits == {}


async def test_a_result_says_how_often_it_was_tried_again_and_how_long_that_took(stage: Set) -> None:
    await stage.fault("status", status=503, route="channels.list", times=2)
    result = await stage.short()
    assert (result.retry_count, result.max_retries, result.retry_wait) == (2, 5, 3.0)
    assert (await stage.short()).retry_count == 0


async def test_repeats_are_a_share_of_the_traffic(stage: Set) -> None:
    stage.wiring.gateway.breaker = MemoryBreaker(clock=stage.clock)
    stage.wiring.gateway.breaker.rules = replace(stage.wiring.gateway.breaker.rules, in_a_row=10_000, enough=10_000)
    await stage.fault("status", status=503, times=10_000)
    for _ in range(50):
        await ask(stage)
    sends = len(await stage.routes())
    assert 50 + 10 <= sends <= 50 + UNHURRIED + 50 * stage.wiring.gateway.retry.share


async def test_no_customer_and_no_agent_gets_more_than_their_share_and_publishing_keeps_its_own(stage: Set) -> None:
    gateway = stage.wiring.gateway
    limited = {YOUTUBE: gateway.kits[YOUTUBE]}
    manifest = limited[YOUTUBE].manifest.with_limits({"YOUTUBE_API_QUOTA_DAILY_LIMIT": 20})
    gateway.kits = {YOUTUBE: replace(limited[YOUTUBE], manifest=manifest)}
    gateway.budgets = Budgets(customer=0.5, agent=0.25, publishing=0.2)

    async def granted(times: int, **errand: Any) -> int:
        return sum([isinstance(await ask(stage, **errand), Reply) for _ in range(times)])

    assert await granted(9, agent_id=AgentId("A")) == 5
    assert await granted(9, agent_id=AgentId("B")) == 5, "the customer's ten are used up"
    outcome = await ask(stage, agent_id=AgentId("B"))
    assert outcome.refusal.code == "quota_exhausted" and "UTC" in outcome.why
    assert await granted(9, customer_id=CustomerId("CUST-2"), purpose=Purpose.ANALYTICS) == 6, "sixteen of twenty"
    assert await granted(9, customer_id=CustomerId("CUST-3")) == 4, "the last four are for publishing"


async def test_whoever_makes_two_clients_has_one_breaker_and_one_quota(house_of_settings: Any) -> None:
    one, other = house_of_settings(), house_of_settings()
    assert one.gateway.breaker is other.gateway.breaker and one.gateway.quota is other.gateway.quota


@pytest.fixture
def house_of_settings() -> Any:
    from waooaw_social.clients.environment import wiring
    from waooaw_social.settings import Settings

    settings = Settings.model_validate({"platform_origin": "http://127.0.0.1:1"})
    return lambda: wiring(YOUTUBE, MemoryTokens(None), settings)  # type: ignore[arg-type]
