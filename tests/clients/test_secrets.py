"""No secret leaves the house, though the platform shouts it back: not in an exception or what hangs on it, not in a result, not in a log."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from clients.stage import Set, on_stage
from cp.portal import overheard
from durable.platform_stage import House
from waooaw_social.core.refusal import SocialPlatformError
from waooaw_social.core.secret import Secret

pytestmark = pytest.mark.anyio

ROUTES = ["channels.list", "videos.insert", "upload.query", "upload.chunk", "upload.final", "videos.list"]
STATUSES = [400, 401, 403, 404, 410, 429, 500, 503]


def forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]


def everything_about(thing: Any, depth: int = 0) -> Iterator[str]:
    """Text, repr and insides of a value, and of every exception that hangs on it."""
    yield repr(thing)
    yield str(thing)
    if depth < 6:
        inner: list[Any] = list(vars(thing).values()) if hasattr(thing, "__dict__") else []
        if isinstance(thing, BaseException):
            inner += [thing.args, *filter(None, (thing.__cause__, thing.__context__))]
        for value in inner:
            yield from everything_about(value, depth + 1)


class Listening:
    """A token source that writes down every secret that it lends or takes."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.secrets: set[str] = {inner.credentials.access_token.open(), inner.credentials.refresh_token.open()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def update_access_token(self, **new: Any) -> int:
        token = new["new_access_token"]
        self.secrets.add(token.open() if isinstance(token, Secret) else token)
        return await self._inner.update_access_token(**new)


def sessions(stage: Set) -> Iterator[str]:
    """Every upload session that the ledger has seen: whole, and its handle alone."""
    for kept in stage.client._ledger.kept.values():  # noqa: SLF001
        for row in kept.rows:
            uri = row.reply.headers.get("location", "") if row.reply else ""
            if uri:
                yield uri
                yield from parse_qs(urlsplit(uri).query)["upload_id"]


async def leaks(stage: Set, source: Listening, call: Any) -> tuple[list[str], Any]:
    with overheard() as heard:
        try:
            told: Any = await call
        except SocialPlatformError as error:
            told = error
    text = "\n".join([*everything_about(told), heard.text()])
    secrets = {*source.secrets, stage.account["app_secret"], *sessions(stage)}
    return [
        f"{form[:12]}… in {type(told).__name__}" for secret in secrets for form in forms(secret) if form in text
    ], told


@pytest.mark.parametrize("status", STATUSES)
async def test_a_platform_that_echoes_every_secret_tells_nobody_through_us(house: House, status: int) -> None:
    wrong: list[str] = []
    for route in ROUTES:
        async with on_stage(house, deadline=0.0) as stage:
            source = Listening(stage.source)
            stage.wiring.gateway.tokens.source = source
            await stage.fault("echo_tokens", route=route, status=status, times=0)
            found, told = await leaks(stage, source, stage.short())
            wrong += [f"{route}: {leak}" for leak in found]
            if route not in {"channels.list", "videos.insert"} and not list(sessions(stage)):
                wrong.append(f"{route}: the test saw no session")
            if isinstance(told, SocialPlatformError) and status in {400, 403} and "Cannot serve" not in str(told):
                wrong.append(f"{route}: the echo itself did not arrive: {told}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_a_token_endpoint_that_echoes_the_form_tells_nobody_either(house: House, status: int) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        source = Listening(stage.source)
        stage.wiring.gateway.tokens.source = source
        await stage.turn(expires_in=0)
        await stage.fault("echo_tokens", route="oauth.token", status=status, times=0)
        for call in (stage.short, lambda: stage.client.refresh_token("CRED-1"), lambda: validate(stage)):
            found, told = await leaks(stage, source, call())
            assert not found and isinstance(told, SocialPlatformError)


async def validate(stage: Set) -> Any:
    return await stage.client.validate_credentials("CRED-1")


@pytest.mark.parametrize("fault", ["lost_reply", "lost_request", "session_gone_after_commit"])
async def test_neither_a_result_nor_a_doubt_holds_a_token_or_an_upload_session(house: House, fault: str) -> None:
    for deadline in (0.0, 1200.0):
        async with on_stage(house, deadline=deadline) as stage:
            source = Listening(stage.source)
            stage.wiring.gateway.tokens.source = source
            await stage.fault(fault, route="upload.final")
            found, _ = await leaks(stage, source, stage.short())
            assert not found and list(sessions(stage))
