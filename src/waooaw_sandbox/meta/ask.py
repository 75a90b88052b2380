"""One admitted call to the Graph API: who asks, with which parameters, about what.

Handlers of both platforms take an `Ask` and return JSON or an `Answer`. Values are loosely typed on the wire, so they are read through
`text`, `flag`, `number` and `items`. `node` and `me` answer 100/33 for what is not there or not theirs.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from waooaw_sandbox.kit import Answer, Call, Json, Refused
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.meta.errors import UPLOAD_HOST, graph_error, refuse, upload_error
from waooaw_sandbox.meta.fields import select
from waooaw_sandbox.meta.multipart import structure
from waooaw_sandbox.meta.people import Account, Page, Token
from waooaw_sandbox.meta.state import Blob, Meta, Node, SomeNode


@dataclass(kw_only=True)
class Ask:
    meta: Meta
    platform: str
    call: Call
    values: Json
    files: dict[str, Blob]
    token: Token

    # --- who ------------------------------------------------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        return self.token.account

    @property
    def host(self) -> str:
        return self.call.host

    @property
    def knobs(self) -> Knobs:
        return self.meta.knobs[self.platform]

    @property
    def now(self) -> datetime:
        return self.meta.clock.now()

    @property
    def version(self) -> str:
        return self.call.found.get("version") or self.knobs.word("default_version")

    @property
    def me(self) -> str:
        """What `me` stands for with this token."""
        if self.token.of_instagram_login:
            return self.account.ig_id
        return self.token.page.id if self.token.page else self.account.user_id

    # --- what -----------------------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        given = self.call.found.get("id", "me")
        return self.me if given == "me" else given

    def identity(self) -> str:
        """The Page or Instagram account in the path, which must be the caller's to see."""
        if not self.token.reaches(self.id):
            raise self.missing()
        return self.account.ig_id if self.id == self.account.scoped_id else self.id

    def page(self) -> Page:
        """The Page in the path."""
        identity = self.identity()
        for page in self.account.pages:
            if page.id == identity:
                return page
        raise self.missing()

    def node(self, kind: type[SomeNode], node_id: str | None = None, *, fresh: bool = False) -> SomeNode:
        """An object the caller may see. `fresh`: reads do not know it yet, this caller does."""
        node = self.meta.nodes.get(node_id if node_id is not None else self.id)
        if not isinstance(node, kind) or not self.token.reaches(node.identity):
            raise self.missing(node_id)
        if not fresh and node.known_at > self.now:
            raise self.missing(node_id)
        return node

    def missing(self, node_id: str | None = None) -> Refused:
        method = self.call.request.method.lower()
        if self.host == UPLOAD_HOST:
            return Refused(upload_error("ProcessingFailedError", status=404))
        return refuse(self.host, "100/33", method=method, id=node_id if node_id is not None else self.id)

    def refused(self, reason: str, message: str | None = None, **more: Any) -> Refused:
        return Refused(graph_error(self.host, reason, message=message, **more))

    def invalid(self, message: str) -> Refused:
        return self.refused("100", f"(#100) {message}")

    # --- with what ------------------------------------------------------------------------------------------------------------

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        return self.text(name, "true" if default else "false").lower() in ("true", "1", "yes")

    def number(self, name: str, default: float = 0) -> float:
        try:
            return float(self.text(name, str(default)))
        except ValueError:
            raise self.invalid(f"Param {name} must be a number") from None

    def items(self, name: str) -> list[Any]:
        """A list in any of its spellings: JSON, comma-joined, or `name[0]=..&name[1]=..`."""
        value = structure(self.values.get(name))
        if isinstance(value, list):
            return [structure(item) for item in cast(list[Any], value)]
        if isinstance(value, dict):
            return list(cast(Json, value).values())
        if value not in (None, ""):
            return [piece.strip() for piece in str(value).split(",")]
        found = {int(m[1]): v for k, v in self.values.items() if (m := re.fullmatch(re.escape(name) + r"\[(\d+)\]", k))}
        return [structure(found[at]) for at in sorted(found)]

    def need(self, name: str) -> str:
        if not self.text(name):
            raise self.invalid(f"The parameter {name} is required.")
        return self.text(name)

    # --- answers --------------------------------------------------------------------------------------------------------------

    def describe(self, node: Node) -> Json:
        return self.meta.describers[type(node)](self, node)

    def shown(self, node: Node, default: str) -> Json:
        return select(self.describe(node), self.text("fields") or default)

    def created(self, node: Node, answer: Json) -> Json:
        """The answer to a creation: with `fields`, the object is read after it was written."""
        self.delay(node)
        return select(answer | self.describe(node), self.text("fields")) if self.text("fields") else answer

    def delay(self, *nodes: Node) -> None:
        """Let listings and reads learn of new objects as late as faults and knobs want it."""
        slow, fresh = self.call.fault("slow_listing"), self.call.fault("fresh_33")
        lag = float(slow.parameters["seconds"]) if slow else self.knobs.number("listing_lag_seconds")
        for node in nodes:
            node.listed_at = self.meta.later(lag)
            if fresh:
                node.known_at = self.meta.later(float(fresh.parameters["seconds"]))

    def url(self, host: str, path: str) -> str:
        return self.call.url(host, path)


def answer_of(result: "Json | Answer") -> Answer:
    return result if isinstance(result, Answer) else Answer(200, result, "application/json; charset=UTF-8")
