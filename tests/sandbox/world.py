"""A sandbox over a real socket, and the few moves the tests here make on it. It speaks HTTP only, like any client."""

from collections.abc import Mapping
from typing import Any

import aiohttp

UNIT = 256 * 1024
GOOGLE = "/www.googleapis.com"
V3 = GOOGLE + "/youtube/v3"
UPLOAD = GOOGLE + "/upload/youtube/v3/videos"
TOKEN = "/oauth2.googleapis.com/token"


def title(text: str = "A quiet morning", **status: Any) -> dict[str, Any]:
    return {"snippet": {"title": text}, "status": status}


class Sandbox:
    def __init__(self, base: str, http: aiohttp.ClientSession) -> None:
        self.base = base
        self.http = http
        http._retry_connection = False  # aiohttp sends a PUT again after a reset; these tests want to see the reset

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        """(status, JSON or text, headers). `path` may be a whole URL."""
        url = path if path.startswith("http") else self.base + path
        async with self.http.request(method, url, allow_redirects=False, **more) as reply:
            body = await (reply.json() if reply.content_type == "application/json" else reply.text())
            return reply.status, body, reply.headers

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        status, answer, _ = await self.ask(method, "/_sandbox" + path, json=body)
        assert status < 400, answer
        return answer

    async def account(self, name: str = "hazel") -> dict[str, Any]:
        return next(a for a in await self.control("GET", "/accounts") if a["account"] == name)

    async def turn(self, name: str = "hazel", **knobs: Any) -> dict[str, Any]:
        return await self.control("POST", f"/accounts/youtube/{name}", knobs)

    async def knob(self, **knobs: Any) -> dict[str, Any]:
        return await self.control("POST", "/knobs/youtube", knobs)

    async def arm(self, fault: str, route: str | None = None, **more: Any) -> str:
        order = {"platform": "youtube", "fault": fault} | ({"route": route} if route else {}) | more
        return (await self.control("POST", "/faults", order))["id"]

    async def advance(self, seconds: float) -> None:
        await self.control("POST", "/clock", {"advance": seconds})

    async def audience(self, name: str = "hazel", hidden: bool = False) -> list[dict[str, Any]]:
        return await self.control("GET", f"/audience/youtube/{name}" + ("?include=hidden" if hidden else ""))

    async def api(self, method: str, path: str, name: str = "hazel", **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        """A call with the account's access token."""
        token = (await self.account(name))["access_token"]
        headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
        return await self.ask(method, path, headers=headers, **more)

    async def open(self, resource: dict[str, Any] | None = None, name: str = "hazel", **headers: str) -> str:
        status, body, answered = await self.api(
            "POST",
            UPLOAD + "?uploadType=resumable&part=snippet,status",
            name,
            json=resource or title(),
            headers={key.replace("_", "-"): value for key, value in headers.items()},
        )
        assert status == 200, body
        return answered["Location"]

    async def put(self, session: str, data: bytes, first: int, total: int, name: str = "hazel") -> tuple[int, Any, Any]:
        span = f"bytes {first}-{first + len(data) - 1}/{total}"
        return await self.api("PUT", session, name, data=data, headers={"Content-Range": span})

    async def where(self, session: str, total: int) -> tuple[int, Any, Any]:
        return await self.api("PUT", session, headers={"Content-Range": f"bytes */{total}", "Content-Length": "0"})

    async def publish(
        self, resource: dict[str, Any] | None = None, name: str = "hazel", data: bytes = b"video"
    ) -> dict[str, Any]:
        status, video, _ = await self.put(await self.open(resource, name), data, 0, len(data), name)
        assert status in (200, 201), video
        return video

    async def video(self, video_id: str, parts: str = "snippet,status") -> dict[str, Any] | None:
        _, body, _ = await self.api("GET", f"{V3}/videos?part={parts}&id={video_id}")
        return next(iter(body["items"]), None)

    async def refresh(self, refresh_token: str, **more: str) -> tuple[int, Any, Any]:
        account = await self.account()
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": account["app_id"],
            "client_secret": account["app_secret"],
        }
        return await self.ask("POST", TOKEN, data=form | more)


def reason(body: Any) -> str:
    return body["error"]["errors"][0]["reason"]
