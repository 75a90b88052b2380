"""Webhooks in: the handshake, the signature over the raw bytes, kept first, answered at once, read after.

What is not signed with the app's secret does not exist. What is kept is read until it has been: a restart goes on with what is left. Each
effect has a name of its own, so that repeats, batches and disorder change nothing. Where more waits than can be read, the answer is 503:
the platform repeats for days. What a body means is told by the reader for its kind; this room knows none of them.
Longer than others: the door and the reading belong together.
"""

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, cast

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from waooaw_social.core.ids import PublicationId
from waooaw_social.core.secret import Secret
from waooaw_social.durable.ports import Answer, Completion, HeardBy
from waooaw_social.platforms.told import Hear, Proof, Told
from waooaw_social.storage.plant.inbox import Doubt
from waooaw_social.web.edge import equip

PATH = "/webhooks/meta"
BODY_LIMIT = 4 * 1024**2
"""Bytes. Meta sends up to 3 MB (contract linkedin_whatsapp 2.7)."""
MOST_WAITING = 2000
"""Deliveries that are kept and not read yet."""
AT_ONCE = 50
"""Deliveries that are read in one go."""
LOOK_AGAIN = 60.0
"""Seconds after which a process with nothing to read looks for what another one has kept and died with."""
AGAIN = 1.0
"""Seconds until it is tried again to read what the database would not let us read."""
RETRY_AFTER = 30
CHALLENGE_LIMIT = 256

log = structlog.get_logger(__name__)


class Taken(StrEnum):
    """What became of a delivery at the door."""

    KEPT = "kept"
    FORGED = "forged"
    UNREADABLE = "unreadable"
    FULL = "full"


class Store(Protocol):
    """What webhooks need of `storage.plant`."""

    async def tell(self, told: Sequence[Told]) -> None: ...
    async def keep(self, delivery: str, body: str) -> None: ...
    async def left(self) -> list[str]: ...
    async def bodies(self, deliveries: Sequence[str]) -> Mapping[str, str]: ...
    async def done_with(self, deliveries: Sequence[str]) -> None: ...
    async def doubts(self, call: str, ids: Sequence[PublicationId]) -> Mapping[PublicationId, Doubt]: ...


class Completes(Protocol):
    """The one thing that a proof does to the ledger."""

    async def complete(self, answer: Answer) -> Completion: ...


@dataclass(kw_only=True)
class Webhooks:
    """Takes deliveries and reads them. `run` it beside the application."""

    store: Store
    ledger: Completes
    readers: Mapping[str, Hear]
    """By a body's `object`: what it is about, in the platform's word."""
    secrets: Sequence[Secret]
    """The app's, the newest first: while it is changed, both are good."""
    verify_token: Secret
    wake: Callable[[], None] = lambda: None
    """Called when something was settled."""
    most_waiting: int = MOST_WAITING
    look_again: float = LOOK_AGAIN
    _waiting: deque[str] = field(default_factory=deque[str])
    _coming: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    # --- the door ---------------------------------------------------------------------------------------------------------

    async def take(self, raw: bytes, signature: str) -> Taken:
        """Keep a delivery. Raises what the database raises: then it was not kept, and the platform repeats it."""
        if not signed(raw, signature, self.secrets):
            return Taken.FORGED
        try:
            body = raw.decode()
        except UnicodeDecodeError:
            return Taken.UNREADABLE
        if len(self._waiting) + self._coming >= self.most_waiting:
            return Taken.FULL
        delivery = hashlib.sha256(raw).hexdigest()
        self._coming += 1
        try:
            await self.store.keep(delivery, body)
        finally:
            self._coming -= 1
        self._waiting.append(delivery)
        self._more.set()
        return Taken.KEPT

    def shakes_hands(self, mode: str, token: str) -> bool:
        given = bool(self.verify_token) and hmac.compare_digest(token.encode(), self.verify_token.open().encode())
        return mode == "subscribe" and given

    # --- reading ----------------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Read what is left from before, then what comes, until `stop`."""
        left: list[str] | None = None
        while not stop.is_set():
            try:
                if left is None:
                    left = await self.store.left()
                    self._waiting.extendleft(reversed([one for one in left if one not in self._waiting]))
                await self.read_all()
            except Exception as error:  # the database is away: what is kept stays kept
                log.warning("webhooks_not_read", error=type(error).__name__)
                await _first_of([stop.wait()], timeout=AGAIN)
                continue
            await _first_of([stop.wait(), self._more.wait()], timeout=self.look_again)
            if not self._more.is_set():
                left = None

    async def read_all(self) -> None:
        """Read everything that waits."""
        while self._waiting:
            some = list(self._waiting)[:AT_ONCE]
            await self.read_some(list(dict.fromkeys(some)))
            for _ in some:
                self._waiting.popleft()
        self._more.clear()

    async def read_some(self, deliveries: Sequence[str]) -> None:
        told: list[Told] = []
        read: list[str] = []
        for delivery, body in (await self.store.bodies(deliveries)).items():
            try:
                told += self.understood(body)
            except Exception as error:  # kept, and tried again after the next start: perhaps by a reader that can
                log.error("webhook_unreadable", delivery=delivery, error=type(error).__name__)  # noqa: TRY400 - its text may quote
            else:
                read.append(delivery)
        await self.store.tell(told)
        await self.settle([one.proof for one in told if one.proof])
        await self.store.done_with(read)

    def understood(self, body: str) -> Sequence[Told]:
        """What a body says; nothing where it is about something that nobody here reads."""
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError):
            log.warning("webhook_is_no_json")
            return []
        if not isinstance(fields, dict):
            return []
        known = cast("dict[str, Any]", fields)
        reader = self.readers.get(str(known.get("object")))
        return reader(known, self.secrets) if reader else []

    async def settle(self, proofs: Sequence[Proof]) -> None:
        """Tell the ledger what was carried out, of what is in doubt or was. Only where it is about that very publication."""
        for call in dict.fromkeys(proof.call for proof in proofs):
            mine = [proof for proof in proofs if proof.call == call]
            doubts = await self.store.doubts(call, list(dict.fromkeys(proof.publication_id for proof in mine)))
            for proof in mine:
                doubt = doubts.get(proof.publication_id)
                if doubt:
                    await self._settle(doubt, proof)

    async def _settle(self, doubt: Doubt, proof: Proof) -> None:
        publication = proof.publication_id
        if not proof.fits(doubt.publication):
            log.warning("proof_does_not_fit", publication=publication)
            return
        answer = Answer(attempt=doubt.attempt, reply=proof.reply, published=proof.published, heard_by=HeardBy.WEBHOOK)
        completion = await self.ledger.complete(answer)
        if completion is not Completion.KNOWN:
            log.info("settled_by_webhook", publication=publication, completion=completion.value)
            self.wake()


def create_app(webhooks: Webhooks) -> Starlette:
    """The application: one path, and nothing else to be found."""

    async def shake_hands(request: Request) -> Response:
        asked = request.query_params
        challenge = asked.get("hub.challenge", "")
        good = webhooks.shakes_hands(asked.get("hub.mode", ""), asked.get("hub.verify_token", ""))
        if not good or len(challenge) > CHALLENGE_LIMIT:
            return Response(status_code=403)
        return PlainTextResponse(challenge, headers={"x-content-type-options": "nosniff"})

    async def take(request: Request) -> Response:
        raw = await request.body()
        try:
            taken = await webhooks.take(raw, request.headers.get("x-hub-signature-256", ""))
        except Exception as error:
            log.warning("webhook_not_kept", error=type(error).__name__)
            taken = Taken.FULL
        return Response(status_code=ANSWERS[taken], headers=BUSY if taken is Taken.FULL else None)

    app = Starlette(routes=[Route(PATH, shake_hands, methods=["GET"]), Route(PATH, take, methods=["POST"])])
    equip(app, service="webhooks", body_limit=BODY_LIMIT)
    return app


def beside(api: ASGIApp, webhooks: ASGIApp) -> ASGIApp:
    """Both on one listener: the webhooks' path has its own limit of size, and nothing of an agent's key."""

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        await (webhooks if scope.get("path") == PATH else api)(scope, receive, send)

    return either


ANSWERS: Mapping[Taken, int] = {Taken.KEPT: 200, Taken.FORGED: 403, Taken.UNREADABLE: 400, Taken.FULL: 503}
BUSY = {"retry-after": str(RETRY_AFTER)}


def signed(raw: bytes, signature: str, secrets: Sequence[Secret]) -> bool:
    """Whether one of the secrets signed these very bytes: `sha256=` and the hex of an HMAC (contract linkedin_whatsapp 2.7)."""
    given = signature.encode()
    good = [hmac.compare_digest(given, signature_of(raw, secret).encode()) for secret in secrets if secret]
    return any(good)


def signature_of(raw: bytes, secret: Secret) -> str:
    return "sha256=" + hmac.new(secret.open().encode(), raw, hashlib.sha256).hexdigest()


async def _first_of(waits: Sequence[Any], timeout: float | None) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
