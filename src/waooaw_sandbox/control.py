"""The control API under `/_sandbox/`: the same for every platform, JSON throughout.

Accounts, clock, faults, audience, calls, knobs, reset. It never pretends to be a platform, and no platform knows of it. What does not
exist is answered with 400 or 404 and a listing of what does.
"""

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from aiohttp import web

from waooaw_sandbox.faults import GENERIC, FaultKind
from waooaw_sandbox.kit import Json, Platform, World
from waooaw_sandbox.pages import index_page
from waooaw_sandbox.problem import Problem

Control: TypeAlias = Callable[[World, web.Request], Awaitable[Any]]

LONGEST_WAIT = 60.0
FARTHEST = 100 * 365 * 24 * 3600
"""Seconds that the clock may be ahead: everything here adds to its time, and no time of Python's is later than the year 9999."""


def add_routes(app: web.Application, world: World) -> None:
    for method, path, handler in TABLE:
        app.router.add_route(method, path, spoken(world, handler))


def spoken(world: World, handler: Control) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            value = await handler(world, request)
        except Problem as problem:
            return web.json_response(problem.body(), status=problem.status)
        return value if isinstance(value, web.StreamResponse) else web.json_response(value)

    return answer


async def body(request: web.Request) -> Json:
    try:
        value = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise Problem(f"the body is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise Problem("the body must be a JSON object")
    return cast(Json, value)


def platform_of(world: World, name: Any) -> Platform:
    if name not in world.platforms:
        raise Problem(f"no platform is called {name!r}", available=sorted(world.platforms))
    return world.platforms[name]


def number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Problem(f"{what} takes a number, not {value!r}")
    try:
        read = float(value)
    except (ValueError, OverflowError):
        read = math.nan
    if not math.isfinite(read):
        raise Problem(f"{what} takes a number, not {str(value)[:80]}")
    return read


def kinds_of(platform: Platform) -> list[FaultKind]:
    return [*GENERIC, *platform.fault_kinds]


def route_names(platform: Platform) -> list[str]:
    return list(dict.fromkeys(route.name for route in platform.routes))


# --- handlers -----------------------------------------------------------------------------------------------------------------


async def index(world: World, request: web.Request) -> Any:
    return web.Response(text=index_page(list(world.platforms), world.clock.describe()), content_type="text/html")


async def reset(world: World, request: web.Request) -> Any:
    world.faults.clear()
    world.clock.reset()
    for platform in world.platforms.values():
        platform.knobs.reset()
        platform.reset()
    world.calls.clear()
    return {"reset": True, **world.clock.describe()}


async def accounts(world: World, request: web.Request) -> Any:
    return [account for platform in world.platforms.values() for account in platform.accounts()]


async def turn_account(world: World, request: web.Request) -> Any:
    platform = platform_of(world, request.match_info["platform"])
    return platform.turn_account(request.match_info["account"], await body(request))


async def clock(world: World, request: web.Request) -> Any:
    if "newer_than" in request.query:
        version = int(number(request.query["newer_than"], "newer_than"))
        wait = min(number(request.query.get("wait", 25), "wait"), LONGEST_WAIT)
        await world.clock.newer_than(version, wait)
    return world.clock.describe()


async def advance(world: World, request: web.Request) -> Any:
    seconds = number((await body(request)).get("advance"), "advance")
    if seconds < 0:
        raise Problem("the clock does not go back; reset it instead")
    if world.clock.offset + seconds > FARTHEST:
        raise Problem(f"the clock goes {FARTHEST} seconds ahead of the machine's at the most; reset it instead")
    world.clock.advance(seconds)
    return world.clock.describe()


async def arm(world: World, request: web.Request) -> Any:
    order = await body(request)
    platform = platform_of(world, order.pop("platform", None))
    check_reason(platform, order)
    fault = world.faults.arm(platform.name, route_names(platform), kinds_of(platform), order)
    return web.json_response({"id": fault.id}, status=201)


def check_reason(platform: Platform, order: Json) -> None:
    """An `error` must name a reason that the route, or some route, can have."""
    if order.get("fault") != "error" or not isinstance(order.get("reason"), str):
        return
    routes = [order["route"]] if order.get("route") in route_names(platform) else route_names(platform)
    known = {reason for route in routes for reason in platform.reasons(route)}
    if order["reason"] not in known:
        raise Problem(f"no error reason {order['reason']!r} here", available=sorted(known))
    variants = platform.variants(order["reason"])
    if order.get("variant") not in (None, *variants):
        raise Problem(f"{order['reason']!r} has no variant {order['variant']!r}", available=sorted(variants))


async def faults(world: World, request: web.Request) -> Any:
    def listed(kind: FaultKind, platform: str | None) -> Json:
        only = {} if kind.routes is None else {"routes": sorted(kind.routes)}
        described = [p.describe() for p in kind.parameters]
        return {"fault": kind.name, "sentence": kind.sentence, "parameters": described, "platform": platform} | only

    own = [listed(kind, p.name) for p in world.platforms.values() for kind in p.fault_kinds]
    return {
        "available": [listed(kind, None) for kind in GENERIC] + own,
        "routes": {p.name: route_names(p) for p in world.platforms.values()},
        "reasons": {
            p.name: sorted({reason for name in route_names(p) for reason in p.reasons(name)})
            for p in world.platforms.values()
        },
        "active": world.faults.active(),
    }


async def clear_faults(world: World, request: web.Request) -> Any:
    world.faults.clear()
    return {"active": []}


async def audience(world: World, request: web.Request) -> Any:
    platform = platform_of(world, request.match_info["platform"])
    hidden = request.query.get("include") == "hidden"
    return await platform.audience(request.match_info["account"], f"http://{request.host}", hidden=hidden)


async def calls(world: World, request: web.Request) -> Any:
    return world.calls.listing(request.query.get("platform"))


async def knobs(world: World, request: web.Request) -> Any:
    platform = platform_of(world, request.match_info["platform"])
    return {"knobs": platform.knobs.describe(), **platform.report()}


async def turn_knobs(world: World, request: web.Request) -> Any:
    platform_of(world, request.match_info["platform"]).knobs.turn(await body(request))
    return await knobs(world, request)


async def nothing(world: World, request: web.Request) -> Any:
    raise Problem(
        f"{request.method} {request.path} is not there", available=[f"{m} {p}" for m, p, _ in TABLE[:-1]], status=404
    )


TABLE: list[tuple[str, str, Control]] = [
    ("GET", "/_sandbox", index),
    ("GET", "/_sandbox/", index),
    ("POST", "/_sandbox/reset", reset),
    ("GET", "/_sandbox/accounts", accounts),
    ("POST", "/_sandbox/accounts/{platform}/{account}", turn_account),
    ("GET", "/_sandbox/clock", clock),
    ("POST", "/_sandbox/clock", advance),
    ("POST", "/_sandbox/faults", arm),
    ("GET", "/_sandbox/faults", faults),
    ("DELETE", "/_sandbox/faults", clear_faults),
    ("GET", "/_sandbox/audience/{platform}/{account}", audience),
    ("GET", "/_sandbox/calls", calls),
    ("GET", "/_sandbox/knobs/{platform}", knobs),
    ("POST", "/_sandbox/knobs/{platform}", turn_knobs),
    ("*", "/_sandbox/{rest:(?!media/).*}", nothing),
]
