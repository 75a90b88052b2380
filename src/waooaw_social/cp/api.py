"""CP's public API: a customer's key in, their credentials without any secret out."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from waooaw_social.core.secret import Secret
from waooaw_social.cp.internal_api import Moment, internal_app
from waooaw_social.cp.vault import Vault
from waooaw_social.storage.api_keys import ApiKey
from waooaw_social.storage.cp.credentials import Actor, NoSuchCredential, OtherPlatform, Stored, Wanted
from waooaw_social.web.edge import NO_TELEMETRY, bearer, equip, request_id
from waooaw_social.web.problem import Problem, described, invalid, not_found, unauthorized

PATH = "/api/cp/platform-credentials"

PlatformName = Literal["youtube", "instagram", "facebook", "linkedin", "whatsapp"]
Word = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x20-\x7e]+$")]


def _sendable(token: SecretStr) -> SecretStr:
    """A line break that was copied with a token would make every request with it unsendable."""
    if not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
        raise ValueError("a token has no spaces, line breaks or letters beyond ASCII")
    return token


Token = Annotated[SecretStr, Field(min_length=1, max_length=8192), AfterValidator(_sendable)]

METADATA: dict[str, dict[str, frozenset[str] | None]] = {
    "youtube": {},
    "instagram": {"login": frozenset({"facebook", "instagram"})},
    "facebook": {},
    "linkedin": {"author_kind": frozenset({"organization", "member"})},
    "whatsapp": {
        "waba_id": None,
        "default_recipient": None,
        "token_kind": frozenset({"system", "business", "user"}),
        "on_silence": frozenset({"unresolved", "resend"}),
    },
}
"""The only metadata there is: platform, key, allowed values (None: any)."""


class Metadata(TypedDict, total=False):
    """The keys of `METADATA`, whichever platform's."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc] - that is where pydantic reads it

    login: Word
    author_kind: Word
    waba_id: Word
    default_recipient: Word
    token_kind: Word
    on_silence: Word


class PlatformCredential(BaseModel):
    """A platform account to be connected."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "platform": "youtube",
                    "posting_identity": "UCabcdefghijklmnopqrstuv",
                    "access_token": "ya29.…",
                    "refresh_token": "1//…",
                    "expires_at": "2026-11-21T12:00:00Z",
                    "scopes": ["https://www.googleapis.com/auth/youtube.force-ssl"],
                }
            ]
        },
    )

    platform: PlatformName
    posting_identity: Word | None = Field(
        None, description="Who posts: a channel id, a Page id; WhatsApp's phone number id."
    )
    access_token: Token
    refresh_token: Token | None = Field(None, description="Left out: the stored one stays.")
    credential_ref: Word | None = Field(None, description="Replaces this credential; left out: a new one.")
    expires_at: Moment | None = Field(None, description="With an offset.")
    scopes: Annotated[list[Word], Field(max_length=64)] = Field(default_factory=list[Word])
    metadata: Metadata = Field(default_factory=Metadata)

    @model_validator(mode="after")
    def _known_metadata(self) -> "PlatformCredential":
        known = METADATA[self.platform]
        for name, value in _texts(self.metadata).items():
            if name not in known:
                raise ValueError(f"metadata: {self.platform} has {', '.join(known) or 'no metadata'}")
            allowed = known[name]
            if allowed is not None and value not in allowed:
                raise ValueError(f"metadata.{name} is one of {', '.join(sorted(allowed))}")
        return self


class CredentialView(BaseModel):
    """A credential as its customer sees it. There is no secret in it."""

    credential_ref: str
    customer_id: str
    platform: str
    posting_identity: str | None
    metadata: dict[str, str]
    version: int
    expires_at: datetime | None
    scopes: list[str]
    created_at: datetime
    updated_at: datetime


class CredentialList(BaseModel):
    credentials: list[CredentialView]


PROBLEMS = described(
    {
        401: "The API key is missing, unknown or revoked.",
        404: "This customer has no such credential.",
        409: "The credential is one of another platform.",
        413: "The body is too large.",
        422: "Something in the body is wrong; every field is named, and no value repeated.",
    }
)
CONNECTED: dict[int | str, dict[str, Any]] = {
    201: {"model": CredentialView, "description": "Connected: a new credential."}
}
_described = HTTPBearer(auto_error=False, scheme_name="CustomerKey", description="`api-keys create --customer …`")


async def _caller(request: Request, _: Annotated[object, Depends(_described)]) -> ApiKey:
    vault: Vault = request.app.state.vault
    key = bearer(request)
    found = await vault.customer(key) if key else None
    if found is None:
        raise unauthorized()
    return found


Caller = Annotated[ApiKey, Depends(_caller)]


def create_app(vault: Vault, *, internal_key: Secret, internal_here: bool = True) -> FastAPI:
    """The public app. `internal_here` False: the internal API has a listener of its own, and here it is 404."""
    app = FastAPI(title="waooaw-social CP", version="1", redoc_url=None, telemetry=NO_TELEMETRY)
    equip(app, service="cp")
    app.add_exception_handler(RequestValidationError, _invalid)
    app.state.vault = vault

    @app.put(PATH, response_model=CredentialView, responses={**CONNECTED, **PROBLEMS}, response_description="Replaced.")
    async def put(wanted: PlatformCredential, who: Caller, request: Request, response: Response) -> CredentialView:
        """Connect an account, or replace its tokens."""
        actor = Actor(name=f"key:{who.id}", request_id=request_id(request))
        try:
            stored, new = await vault.put(who.customer_id, wanted.credential_ref, _wanted(wanted), actor)
        except NoSuchCredential:
            raise not_found("credential") from None
        except OtherPlatform:
            detail = "The credential is one of another platform."
            raise Problem(status=409, code="other_platform", detail=detail, field="platform") from None
        response.status_code = 201 if new else 200
        return view(stored)

    @app.get(PATH, response_model=CredentialList, responses={401: PROBLEMS[401]})
    async def get(who: Caller) -> CredentialList:
        """What is connected; never a secret."""
        return CredentialList(credentials=[view(stored) for stored in await vault.list(who.customer_id)])

    @app.get("/healthz", summary="Whether this process answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    del put, get, healthz  # registered; not called by name
    if internal_here:
        app.mount("/api/internal", internal_app(vault, internal_key=internal_key))
    return app


def view(stored: Stored) -> CredentialView:
    return CredentialView(
        credential_ref=stored.credential_ref,
        customer_id=stored.customer_id,
        platform=stored.platform,
        posting_identity=stored.posting_identity,
        metadata=dict(stored.metadata),
        version=stored.version,
        expires_at=stored.expires_at,
        scopes=list(stored.scopes),
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def _wanted(asked: PlatformCredential) -> Wanted:
    refresh = asked.refresh_token
    return Wanted(
        platform=asked.platform,
        posting_identity=asked.posting_identity,
        access_token=Secret(asked.access_token.get_secret_value()),
        refresh_token=Secret(refresh.get_secret_value()) if refresh else None,
        expires_at=asked.expires_at,
        scopes=asked.scopes,
        metadata=_texts(asked.metadata),
    )


def _texts(metadata: Metadata) -> Mapping[str, str]:
    return {name: str(value) for name, value in metadata.items()}


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return invalid(error.errors()).response()
