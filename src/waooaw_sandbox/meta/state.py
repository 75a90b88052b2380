"""What both platforms remember together: people, and every object by its id.

One id space serves both, because one host does: `graph.facebook.com/{id}` is asked for a Page post and for an Instagram container
alike. An object knows its platform and whose it is; how it looks from outside is the platforms' to say (`describers`).
"""

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from waooaw_sandbox.kit import Json, World
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.meta.people import Account, People, Token, digits, word
from waooaw_sandbox.meta.usage import Usage

if TYPE_CHECKING:
    from waooaw_sandbox.meta.ask import Ask

FIRST_MOMENT = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(kw_only=True)
class Blob:
    """Bytes in a file under the data directory."""

    path: Path
    size: int
    content_type: str
    name: str = ""
    sha256: str | None = None

    async def hash(self) -> str:
        if self.sha256 is None:
            self.sha256 = await asyncio.to_thread(sha256_of, self.path)
        return self.sha256

    async def seen(self) -> Json:
        """As the audience sees it."""
        return {"bytes": self.size, "sha256": await self.hash(), "content_type": self.content_type}


@dataclass(kw_only=True)
class Node:
    """Anything with an id. `identity` is the Page or Instagram account it belongs to; until `known_at` a read answers 100/33."""

    id: str
    platform: str
    identity: str
    made_at: datetime
    known_at: datetime = field(default=FIRST_MOMENT)
    listed_at: datetime = field(default=FIRST_MOMENT)


SomeNode = TypeVar("SomeNode", bound=Node)


class Meta:
    def __init__(self, world: World) -> None:
        self.clock = world.clock
        self.folder = world.data_dir / "meta"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.people: dict[str, People] = {}
        self.knobs: dict[str, Knobs] = {}
        self.nodes: dict[str, Node] = {}
        self.describers: dict[type, Callable[[Ask, Any], Json]] = {}
        self.default_fields: dict[type, str] = {}
        """What is shown of an object where `fields` is not given."""
        self.usage = Usage(self.clock)

    def join(self, platform: str, knobs: Knobs) -> None:
        self.knobs[platform] = knobs
        self.people[platform] = People(platform, self.clock)
        self.reset(platform)

    def reset(self, platform: str) -> None:
        self.people[platform].reset()
        self.nodes = {key: node for key, node in self.nodes.items() if node.platform != platform}
        self.usage.clear()
        shutil.rmtree(self.folder / platform, ignore_errors=True)
        (self.folder / platform).mkdir(parents=True, exist_ok=True)

    # --- objects --------------------------------------------------------------------------------------------------------------

    def new_id(self, start: str = "", length: int = 17) -> str:
        while (made := digits(length, start=start)) in self.nodes:
            pass
        return made

    def new_file(self, platform: str) -> Path:
        path = self.folder / platform / word(20)
        path.touch()
        return path

    def keep(self, node: SomeNode) -> SomeNode:
        self.nodes[node.id] = node
        return node

    def of(self, kind: type[SomeNode], identity: str) -> list[SomeNode]:
        """Oldest first."""
        return [node for node in self.nodes.values() if isinstance(node, kind) and node.identity == identity]

    # --- people ---------------------------------------------------------------------------------------------------------------

    def token(self, shown: str) -> Token | None:
        return next((p.tokens[shown] for p in self.people.values() if shown in p.tokens), None)

    def account_of(self, platform: str, identity: str) -> Account | None:
        for account in self.people[platform].accounts.values():
            if identity in (account.user_id, account.ig_id, account.scoped_id, *(p.id for p in account.pages)):
                return account
        return None

    def later(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
