"""The shapes of everything that is not an order: changes, decisions, lists, URLs to fetch. Strict, and nothing extra."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from waooaw_social.core.publication import State
from waooaw_social.plant.models import ContentBody, HttpsUrl, LatePolicyBody, WhenBody, Word
from waooaw_social.storage.plant.listing import By

PAGE, LONGEST_PAGE = 50, 200
Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ChangeBody(WhenBody):
    """What is to be different. What is left out stays; a `publish_at` of null is "as soon as possible", a `late_policy` of null the default."""

    content: ContentBody | None = Field(None, description="In place of the whole content.")
    late_policy: LatePolicyBody | None = None

    @model_validator(mode="after")
    def _something(self) -> "ChangeBody":
        if not self.model_fields_set & {"content", "late_policy", "publish_at"}:
            raise ValueError("nothing is to be changed: give content, publish_at or late_policy")
        if "content" in self.model_fields_set and self.content is None:
            raise ValueError("a publication has a content")
        return self


class ResolveBody(_Strict):
    """What a person found out about an unresolved publication."""

    outcome: Literal["published", "not_published"]
    post_id: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")] | None = Field(
        None, description="The platform's id of the post: required where it is published."
    )
    post_url: HttpsUrl | None = None
    then: Literal["send_again", "give_up"] | None = Field(None, description="Required where it is not published.")
    by: Word | None = Field(None, description="Who decided, for the record.")
    note: Note | None = None

    @model_validator(mode="after")
    def _whole(self) -> "ResolveBody":
        published = self.outcome == "published"
        if published and (self.post_id is None or self.then is not None):
            raise ValueError("published: give the post_id, and no then")
        if not published and (self.then is None or self.post_id is not None or self.post_url is not None):
            raise ValueError("not_published: give then, and neither post_id nor post_url")
        return self


class FetchBody(_Strict):
    """A file to be fetched."""

    url: HttpsUrl


class ListQuery(BaseModel):
    """Which publications, in which order. Values of one filter are alternatives; filters are joined by "and"."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[list[State], Field(max_length=10)] = Field(default_factory=list[State])
    platform: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list[str])
    credential_ref: Annotated[list[Word], Field(max_length=50)] = Field(default_factory=list[str])
    order_id: Word | None = None
    agent_id: Word | None = None
    correlation_id: Word | None = None
    created_from: AwareDatetime | None = None
    created_until: AwareDatetime | None = Field(None, description="Not included.")
    publish_from: AwareDatetime | None = None
    publish_until: AwareDatetime | None = Field(None, description="Not included.")
    order: By = Field(
        By.NEWEST, description="A minus: the latest first. What has no publish_at counts as of created_at."
    )
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = PAGE
    cursor: Annotated[str, StringConstraints(max_length=500, pattern=r"^[A-Za-z0-9_=-]*$")] | None = Field(
        None, description="next_cursor of the page before; with the same order and filters."
    )
