"""A caller of the imitated Graph API: one account, its token on every call, and its addresses."""

from dataclasses import dataclass
from typing import Any

from sandbox.world import Sandbox

GRAPH = "/graph.facebook.com/v26.0"
VIDEO_GRAPH = "/graph-video.facebook.com/v26.0"
INSTAGRAM = "/graph.instagram.com/v26.0"


@dataclass
class Caller:
    sandbox: Sandbox
    account: dict[str, Any]

    @property
    def id(self) -> str:
        return self.account["posting_identity"]

    @property
    def base(self) -> str:
        return GRAPH if self.account["login"] == "facebook" else INSTAGRAM

    async def call(self, method: str, path: str, *, base: str | None = None, **parameters: Any) -> tuple[int, Any]:
        """Parameters go into the query of a GET and the form of anything else; `files` makes it multipart."""
        status, body, _ = await self.full(method, path, base=base, **parameters)
        return status, body

    async def full(self, method: str, path: str, *, base: str | None = None, **parameters: Any) -> tuple[int, Any, Any]:
        given = {"access_token": self.account["access_token"]} | parameters
        url = (base or self.base) + path
        place = "params" if method == "GET" else "data"
        return await self.sandbox.ask(method, url, **{place: {name: str(value) if not isinstance(value, bytes) else value for name, value in given.items()}})  # fmt: skip

    async def get(self, path: str, **parameters: Any) -> Any:
        status, body = await self.call("GET", path, **parameters)
        assert status == 200, body
        return body

    async def post(self, path: str, **parameters: Any) -> Any:
        status, body = await self.call("POST", path, **parameters)
        assert status == 200, body
        return body

    async def refused(self, method: str, path: str, **parameters: Any) -> str:
        """The `code/subcode` of the error this must be answered with."""
        status, body = await self.call(method, path, **parameters)
        assert status >= 400, body
        return reason(body)

    # --- the sandbox about this account ---------------------------------------------------------------------------------------

    async def turn(self, **changes: Any) -> None:
        path = f"/accounts/{self.account['platform']}/{self.account['account']}"
        self.account = await self.sandbox.control("POST", path, changes)

    async def knob(self, **knobs: Any) -> None:
        await self.sandbox.control("POST", f"/knobs/{self.account['platform']}", knobs)

    async def arm(self, fault: str, route: str | None = None, **more: Any) -> None:
        order = {"platform": self.account["platform"], "fault": fault} | ({"route": route} if route else {}) | more
        await self.sandbox.control("POST", "/faults", order)

    async def audience(self, hidden: bool = False) -> list[dict[str, Any]]:
        path = f"/audience/{self.account['platform']}/{self.account['account']}"
        return await self.sandbox.control("GET", path + ("?include=hidden" if hidden else ""))

    def media(self, name: str) -> str:
        return f"{self.sandbox.base}/_sandbox/media/{name}"


async def caller(sandbox: Sandbox, platform: str, name: str = "hazel") -> Caller:
    accounts = await sandbox.control("GET", "/accounts")
    return Caller(sandbox, next(a for a in accounts if (a["platform"], a["account"]) == (platform, name)))


def reason(body: Any) -> str:
    error = body["error"]
    return f"{error['code']}/{error['error_subcode']}" if "error_subcode" in error else str(error["code"])
