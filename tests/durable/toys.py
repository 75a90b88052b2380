"""Small platforms and their flows, one for each way of finding out: a container that proves, a feed that resembles, a message that nobody
can ask about, and a thread of two visible posts. They exercise what a single real platform does not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from waooaw_social.core.account import Account
from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import Audience, CredentialRef, CustomerId, Platform, PublicationId, RemoteId
from waooaw_social.core.post import Content, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.call import (
    Asked,
    Call,
    Flow,
    Harmless,
    Reply,
    Request,
    Verdict,
    Visible,
    Wasteful,
    heard,
    or_none,
    pause,
    until_due,
)
from waooaw_social.wire.ports import Errand, NotSent, Outcome

SKEW = 1.0
TOY = Platform("toy")


def publication(name: str = "p1", *, text: str = "sale!", account: str = "a1") -> Publication:
    where = Account(
        customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef("CRED-1"), platform=TOY, posting_identity=account
    )
    return Publication(id=PublicationId(name), account=where, format="toy", content=Content(text=text))


@dataclass
class ToyPlatform:
    """Fills the runner's `Gateway` port. `live` is what followers see: (id, account, text, publication)."""

    clock: Clock
    live: list[dict[str, Any]] = field(default_factory=list)
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    webhooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    tells: bool = True
    refuses: bool = False
    sent: list[str] = field(default_factory=list)

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        if not_after is not None and self.clock.monotonic() > not_after:
            return NotSent(why="the send window is over", retry_in=0.0)
        self.sent.append(call.name)
        act: Callable[..., Reply] = getattr(self, call.request.url.removeprefix("toy:"))
        return act(**call.request.params)

    def post(self, account: str, text: str, by: str) -> Reply:
        if self.refuses:
            return Reply(403, body=b"{}")
        remote = f"m{len(self.live) + 1}"
        self.live.append({"id": remote, "account": account, "text": text, "by": by, "at": self.clock.now().timestamp()})
        if self.tells:
            self.webhooks[by] = {"id": remote}
        return Reply(200, body=f'{{"id": "{remote}"}}'.encode())

    def recent(self, account: str) -> Reply:
        import json

        return Reply(200, body=json.dumps({"data": [m for m in self.live if m["account"] == account]}).encode())

    def create(self, text: str) -> Reply:
        name = f"c{len(self.containers) + 1}"
        self.containers[name] = {"text": text, "polls": 0, "out": None}
        return Reply(200, body=f'{{"id": "{name}"}}'.encode())

    def status(self, container: str) -> Reply:
        held = self.containers[container]
        held["polls"] += 1
        word = "PUBLISHED" if held["out"] else "FINISHED" if held["polls"] > 2 else "IN_PROGRESS"
        return Reply(200, body=f'{{"status": "{word}"}}'.encode())

    def publish(self, container: str, account: str, by: str) -> Reply:
        held = self.containers[container]
        reply = self.post(account, held["text"], by)
        held["out"] = self.live[-1]["id"]
        return reply

    def where(self, container: str) -> Reply:
        return Reply(200, body=f'{{"id": "{self.containers[container]["out"]}"}}'.encode())

    def link(self, remote: str) -> Reply:
        return Reply(200, body=f'{{"url": "toy://{remote}"}}'.encode())


def explain(reply: Reply) -> Refusal:
    return Refusal(code="toy_no", message=f"the toy says {reply.status}")


def _call(name: str, act: str, read: Callable[[Reply], Any], if_repeated: Any, **params: str) -> Call[Any]:
    request = Request(method="POST", url=f"toy:{act}", params=params)
    return Call(name=name, request=request, read=read, explain=explain, if_repeated=if_repeated)


def _id(reply: Reply) -> str:
    return str(reply.json()["id"])


def _published(reply: Reply) -> Published:
    return Published(post_id=RemoteId(_id(reply)))


def _audience(p: Publication) -> Audience:
    return Audience(f"toy:{p.account.posting_identity}")


def recent(p: Publication) -> Call[list[dict[str, Any]]]:
    read = lambda r: list(r.json()["data"])  # noqa: E731
    return _call("recent", "recent", read, Harmless(), account=p.account.posting_identity or "")


def by_resemblance(p: Publication, asked: Asked, text: str) -> Flow[Reply | Verdict]:
    posts = yield from recent(p)
    since = asked.first_sent_at - SKEW
    twins = [m for m in posts if m["text"] == text and m["at"] >= since and m["id"] not in asked.taken]
    if not twins:
        return Verdict.ABSENT
    return Verdict.UNSURE if len(twins) > 1 else Reply(200, body=f'{{"id": "{twins[0]["id"]}"}}'.encode())


def post(p: Publication, text: str, name: str, *, ends: bool = True) -> Call[str]:
    reconcile = lambda asked: by_resemblance(p, asked, text)  # noqa: E731
    visible = Visible(reconcile=reconcile, published=_published, audience=_audience(p), ends=ends)
    return _call(name, "post", _id, visible, account=p.account.posting_identity or "", text=text, by=p.id)


def feed(p: Publication) -> Flow[Published]:
    """Nothing to hold on to but text and time."""
    yield from until_due()
    remote = yield from post(p, p.content.text or "", "post")
    url = yield from or_none(_link(remote))
    return Published(post_id=RemoteId(remote), post_url=url)


def _link(remote: str) -> Flow[str]:
    return (yield from _call("link", "link", lambda r: str(r.json()["url"]), Harmless(), remote=remote))


def thread(p: Publication) -> Flow[Published]:
    """Two visible posts; the second one ends it."""
    first = yield from post(p, f"1/2 {p.content.text}", "post 1", ends=False)
    second = yield from post(p, f"2/2 {p.content.text}", "post 2")
    return Published(post_id=RemoteId(second), notes=(first,))


def container(p: Publication) -> Flow[Published]:
    """A handle that proves whether it went out."""
    made = yield from _call("create container", "create", _id, Wasteful(good_for=3600), text=p.content.text or "")
    while (yield from container_status(made)) == "IN_PROGRESS":
        yield from pause(30)
    yield from until_due()

    def reconcile(asked: Asked) -> Flow[Reply | Verdict]:
        if (yield from container_status(made)) != "PUBLISHED":
            return Verdict.ABSENT
        remote = yield from _call("where", "where", _id, Harmless(), container=made)
        return Reply(200, body=f'{{"id": "{remote}"}}'.encode())

    visible = Visible(reconcile=reconcile, published=_published)
    where = p.account.posting_identity or ""
    remote = yield from _call("publish", "publish", _id, visible, container=made, account=where, by=p.id)
    return Published(post_id=RemoteId(remote))


def container_status(made: str) -> Call[str]:
    return _call("status", "status", lambda r: str(r.json()["status"]), Harmless(), container=made)


def message(p: Publication) -> Flow[Published]:
    """No read-back: only the platform itself can tell, by a webhook."""

    def reconcile(asked: Asked) -> Flow[Reply | Verdict]:
        told = yield from heard(p.id)
        return Reply(200, body=f'{{"id": "{told["id"]}"}}'.encode()) if told else Verdict.LATER

    visible = Visible(reconcile=reconcile, published=_published, patience=60)
    where = p.account.posting_identity or ""
    remote = yield from _call("send", "post", _id, visible, account=where, text=p.content.text or "", by=p.id)
    return Published(post_id=RemoteId(remote))


def impossible(p: Publication) -> Flow[Published]:
    """Refuses before any call."""
    raise Refused.content("toy_empty", "nothing to say", field="text")
    yield from until_due()  # a generator all the same


FLOWS: dict[str, Callable[[Publication], Flow[Published]]] = {
    "feed": feed,
    "container": container,
    "message": message,
    "thread": thread,
}
