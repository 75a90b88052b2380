"""The one way a platform call takes: find its route, meet its faults, have it handled, put the answer on the wire.

The generic faults are done here, as a table of small functions around the handler. A dropped connection is reset (RST), not closed
politely, because that is what a dying network looks like.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from aiohttp import web

from waooaw_sandbox.calls import Received
from waooaw_sandbox.clock import iso
from waooaw_sandbox.faults import Fault
from waooaw_sandbox.kit import HEAD, Answer, Call, Dropped, Platform, Refused, Route, World

Reply: TypeAlias = Answer | web.StreamResponse
Do: TypeAlias = Callable[[Call], Awaitable[Reply]]

PEEK = 64 * 1024
READ_AHEAD = 16 * 1024 * 1024
"""A delayed request is read whole before the wait, so that it is done even if the client leaves; bigger ones are read after it."""


async def serve(world: World, request: web.Request) -> web.StreamResponse:
    """Answer `/HOST/PATH` as HOST would answer `/PATH`."""
    host, _, rest = request.match_info["upstream"].partition("/")
    path = "/" + rest
    if any(r.peeks and r.place(request, host, path) is not None for p in world.platforms.values() for r in p.routes):
        try:
            request[HEAD] = await peek(request)
        except (ConnectionError, web.RequestPayloadError):
            return reset_connection(request)
    found = find(world, request, host, path)
    if found is None:
        return nowhere(world, request, host, path)
    platform, route, groups = found
    faults = world.faults.meet(platform.name, route.name, lambda fault: fits(platform, route.name, fault))
    entry = world.calls.note(received(world, request, platform.name, host, path))
    entry.route, entry.fault = route.name, "+".join(faults) or None
    call = Call(request=request, route=route.name, host=host, path=path, found=groups, faults=faults)
    try:
        response = on_the_wire(await perform(platform, route, call))
        entry.status = response.status
    except (Dropped, ConnectionError, web.RequestPayloadError):
        response = reset_connection(request)
    finally:
        entry.bytes_in = request.content.total_bytes
    return response


async def peek(request: web.Request) -> bytes:
    """The beginning of the body: all of a small one."""
    head = b""
    while len(head) < PEEK and (piece := await request.content.readany()):
        head += piece
    return head


def find(world: World, request: web.Request, host: str, path: str) -> tuple[Platform, Route, Mapping[str, str]] | None:
    for platform in world.platforms.values():
        for route in platform.routes:
            groups = route.match(request, host, path)
            if groups is not None:
                return platform, route, groups
    return None


def nowhere(world: World, request: web.Request, host: str, path: str) -> web.Response:
    """A known host answers in its own way; an unknown one is told what there is."""
    hosts = {name: p for p in world.platforms.values() for route in p.routes for name in route.hosts}
    platform = hosts.get(host)
    entry = world.calls.note(received(world, request, platform.name if platform else None, host, path))
    entry.status = 404
    if platform is not None:
        return platform.unknown(path).response()
    detail = f"no platform of this sandbox is served as {host!r}"
    return web.json_response({"status": 404, "detail": detail, "available": sorted(hosts)}, status=404)


def received(world: World, request: web.Request, platform: str | None, host: str, path: str) -> Received:
    return Received(
        platform=platform, method=request.method, host=host, path=path, route=None, at=iso(world.clock.now())
    )


def fits(platform: Platform, route: str, fault: Fault) -> bool:
    """An `error` without a route waits for a call that can have this reason."""
    return fault.kind.name != "error" or fault.parameters["reason"] in platform.reasons(route)


async def perform(platform: Platform, route: Route, call: Call) -> Reply:
    for name, fault in call.faults.items():
        if name in GENERIC_ACTS:
            return await GENERIC_ACTS[name](platform, call, fault, done(route))
    return await done(route)(call)


def done(route: Route) -> Do:
    async def do(call: Call) -> Reply:
        try:
            return await route.handler(call)
        except Refused as refused:
            return refused.answer

    return do


def on_the_wire(reply: Reply) -> web.StreamResponse:
    return reply.response() if isinstance(reply, Answer) else reply


def reset_connection(request: web.Request) -> web.Response:
    """Reset the connection. The response returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


# --- the generic faults -------------------------------------------------------------------------------------------------------


async def lost_request(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    raise Dropped


async def lost_reply(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    await do(call)
    raise Dropped


async def status(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    wanted = int(fault.parameters["status"])
    return dressed(platform.failure(call, wanted, "The sandbox was asked to fail here."), fault)


async def status_but_done(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    await do(call)
    return await status(platform, call, fault, do)


async def delay(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    if (call.request.content_length or 0) <= READ_AHEAD:
        await call.read()
    await asyncio.sleep(float(fault.parameters["seconds"]))
    return await do(call)


async def echo_tokens(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    request = call.request
    form = ""
    if request.content_type == "application/x-www-form-urlencoded":
        form = " form " + " ".join(f"{name}={value}" for name, value in (await call.form()).items())
    credentials = request.headers.get("Authorization", "no credentials")
    message = f"Cannot serve {request.method} {request.url} with {credentials}{form}"
    return platform.failure(call, int(fault.parameters["status"]), message)


async def error(platform: Platform, call: Call, fault: Fault, do: Do) -> Reply:
    given = fault.parameters
    return dressed(platform.error(call, given["reason"], given["variant"], given["status"]), fault)


GENERIC_ACTS: dict[str, Callable[[Platform, Call, Fault, Do], Awaitable[Reply]]] = {
    "lost_request": lost_request,
    "lost_reply": lost_reply,
    "status": status,
    "status_but_done": status_but_done,
    "delay": delay,
    "echo_tokens": echo_tokens,
    "error": error,
}


def dressed(answer: Answer, fault: Fault) -> Answer:
    """The answer with the body and the Retry-After that the fault asks for."""
    retry_after = fault.parameters["retry_after"]
    headers = dict(answer.headers) | ({} if retry_after is None else {"Retry-After": str(retry_after)})
    answer = replace(answer, headers=headers)
    match fault.parameters["body"]:
        case "html":
            text = f"<!DOCTYPE html><title>Error {answer.status}</title><p><b>{answer.status}.</b> That's an error."
            return replace(answer, body=text, content_type="text/html")
        case "empty":
            return replace(answer, body=None)
        case _:
            return answer
