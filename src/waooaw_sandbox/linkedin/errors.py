"""Every error LinkedIn is known to give (contract linkedin 1.1, 1.3, 1.9, 1.10): two tables, and the shapes around them.

The shapes are its two generations of bodies: with a `code`, bare, or with `errorDetails` that name a field; a schema's complaint is a
message alone. The tables say what an error looks like, not when it is raised. `{names}` in a message are filled in where it is.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from waooaw_sandbox.kit import Answer, Json, Refused
from waooaw_sandbox.problem import Problem

UNSAID = {
    "resource": "partnerApiPostsExternal",
    "verb": "CREATE",
    "version": "202609",
    "dated": "20260901",
    "urn": "urn:li:share:7000000000000000001",
    "field": "/commentary",
    "word": "author",
    "text": "is not valid",
    "kind": "image",
}
"""What fills a message that was ordered rather than met."""


def coded(row: "Row", code: str, message: str, field: str | None) -> Json:
    service = {"serviceErrorCode": row.service} if row.service else {}
    return {"status": row.status, **service, "code": code, "message": message}


def bare(row: "Row", code: str, message: str, field: str | None) -> Json:
    return {"message": message, "serviceErrorCode": row.service, "status": row.status}


def schema(row: "Row", code: str, message: str, field: str | None) -> Json:
    return {"message": message + "\n", "status": row.status}


def fields(row: "Row", code: str, message: str, field: str | None) -> Json:
    error = {"description": message, "input": {"inputPath": {"fieldPath": field or row.field}}, "code": code}
    return {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": message,
        "errorDetails": {"inputErrors": [error]},
        "status": row.status,
    }


@dataclass(frozen=True)
class Row:
    status: int
    message: str
    shape: Callable[["Row", str, str, str | None], Json] = coded
    service: int | None = None
    field: str = "/commentary"


def field_row(message: str, field: str = "/commentary") -> dict[str, Row]:
    return {"": Row(400, message, fields, field=field)}


def token_row(service: int, message: str) -> dict[str, Row]:
    return {"": Row(401, message, coded, service), "bare": Row(401, message, bare, service)}


def throttle(scope: str) -> Row:
    return Row(429, f"Resource level throttle {scope} DAY limit for calls to this resource is reached.", coded, 101)


API: dict[str, dict[str, Row]] = {
    "VERSION_MISSING": {"": Row(400, "A version must be present. Please specify a version by adding the Linkedin-Version header.")},
    "NONEXISTENT_VERSION": {"": Row(426, "Requested version {version} is not active")},
    "INVALID_ACCESS_TOKEN": token_row(65600, "Invalid access token"),
    "REVOKED_ACCESS_TOKEN": token_row(65601, "The token used in the request has been revoked by the user"),
    "EXPIRED_ACCESS_TOKEN": token_row(65602, "The token used in the request has expired"),
    "EMPTY_ACCESS_TOKEN": {
        "": Row(401, "Empty oauth2 access token", coded, 65604),
        "401": Row(401, "Empty oauth2_access_token", bare, 401),
    },
    "ACCESS_DENIED": {
        "": Row(403, "Not enough permissions to access: {resource}.{verb}.{dated}", coded, 100),
        "asset": Row(403, "Accessing this {kind} resource is forbidden or the {kind} is not ready yet.", coded, 100),
    },
    "PARAM_INVALID": {"": Row(400, "Invalid query parameters passed to request")},
    "ILLEGAL_ARGUMENT": {
        "": Row(400, "Request body could not be converted to data map"),
        "path": Row(400, "Syntax exception in path variables"),
        "method": Row(400, "Invalid method for the resource: X-RestLi-Method is missing or does not fit"),
    },
    "MISSING_FIELD": field_row("{field} is required", "/content/media/title"),
    "INVALID_VALUE_FOR_FIELD": field_row("{field} {text}"),
    "INVALID_VALUE_BLANK_FIELD": field_row("{field} must not be blank"),
    "FIELD_LENGTH_TOO_LONG": field_row("{field} is too long"),
    "INVALID_URN_TYPE": field_row("{field} does not take this type of URN", "/author"),
    "INVALID_URN_ID": field_row("{field} is not a URN that can be used here", "/author"),
    "INVALID_IMAGE_ID": field_row("Image {urn} does not exist or belongs to another owner", "/content/media/id"),
    "INVALID_VIDEO_ID": field_row("Video {urn} does not exist or belongs to another owner", "/content/media/id"),
    "INVALID_DOCUMENT_ID": field_row("Document {urn} does not exist or belongs to another owner", "/content/media/id"),
    "MEDIA_ASSET_WAITING_UPLOAD": field_row("Media asset {urn} is waiting for its upload", "/content/media/id"),
    "MEDIA_ASSET_PROCESSING_FAILED": field_row("Media asset {urn} could not be processed", "/content/media/id"),
    "EXPIRED_UPLOAD_URL": {"": Row(403, "The upload URL has expired")},
    "INVALID_UPLOAD": {"": Row(400, "The upload does not fit what was initialized: {text}")},
    "NOT_FOUND": {
        "": Row(404, "Could not find entity"),
        "activity": Row(404, "Unable to obtain activity"),
    },
    "RESOURCE_NOT_FOUND": {"": Row(404, "No virtual resource found")},
    "METHOD_NOT_ALLOWED": {"": Row(405, "Method not allowed")},
    "CONFLICT": {"": Row(409, "The entity was changed at the same time")},
    "LENGTH_REQUIRED": {"": Row(411, "Length Required")},
    "PAYLOAD_TOO_LARGE": {"": Row(413, "Request entity too large")},
    "UNSUPPORTED_MEDIA_TYPE": {"": Row(415, "Unsupported media type")},
    "SCHEMA": {
        "required": Row(422, "ERROR :: {field} :: field is required but not found and has no default value", schema),
        "unrecognized": Row(422, "ERROR :: {field} :: unrecognized field found but not allowed", schema),
        "type": Row(422, "ERROR :: {field} :: {text}", schema),
    },
    "DUPLICATE_POST": {
        "": Row(422, "Content is a duplicate of {urn}", fields),
        "detected": Row(422, "Duplicate post is detected", fields),
    },
    "TOO_MANY_REQUESTS": {
        "application": throttle("APPLICATION"),
        "member": throttle("MEMBER"),
        "application_and_member": throttle("APPLICATION_AND_MEMBER"),
        "burst": Row(429, "Too many requests in a short time", coded, 101),
    },
    "INTERNAL_SERVER_ERROR": {
        "": Row(500, "Internal Server Error"),
        "token": Row(500, "Unable to verify access token", coded, 65605),
    },
    "BAD_GATEWAY": {"": Row(502, "Bad Gateway")},
    "SERVICE_UNAVAILABLE": {"": Row(503, "Service Unavailable")},
    "UNDER_MAINTENANCE": {"": Row(503, "This resource is under maintenance")},
    "GATEWAY_TIMEOUT": {"": Row(504, "Gateway Timeout")},
}  # fmt: skip

MISMATCH = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. "
    "Or authorization code expired."
)

TOKEN: dict[str, dict[str, tuple[int, str]]] = {
    "invalid_request": {
        "dead": (400, "The provided authorization grant or refresh token is invalid, expired or revoked."),
        "code": (401, "Unable to retrieve access token: authorization code not found"),
        "missing": (400, 'A required parameter "{word}" is missing'),
    },
    "invalid_redirect_uri": {"": (400, MISMATCH)},
    "invalid_client": {"": (401, "Client authentication failed")},
    "unsupported_grant_type": {"": (400, "The grant type is not supported")},
    "access_denied": {"": (401, "This application is not allowed to create application tokens")},
    "server_error": {"": (500, "The authorization server met an unexpected condition")},
    "temporarily_unavailable": {"": (503, "The authorization server is temporarily unavailable")},
}


def pick(variants: Mapping[str, Any], reason: str, variant: str | None) -> Any:
    if variant is None:
        return next(iter(variants.values()))
    if variant not in variants:
        raise Problem(f"{reason!r} has no variant {variant!r}", available=sorted(variants))
    return variants[variant]


def api_error(
    reason: str, variant: str | None = None, *, status: int | None = None, field: str | None = None, **fill: str
) -> Answer:
    """An error of the API by its code. `field` is the path of the input that is wrong."""
    row: Row = pick(API[reason], reason, variant)
    if status is not None:
        row = Row(status, row.message, row.shape, row.service, row.field)
    message = row.message.format(**UNSAID | {"field": field or row.field} | fill)
    return Answer(row.status, row.shape(row, reason, message, field), headers=traces())


def api_failure(status: int, message: str) -> Answer:
    """The envelope around a bare status."""
    return Answer(status, {"status": status, "message": message}, headers=traces())


def token_error(error: str, variant: str | None = None, *, status: int | None = None, word: str = "code") -> Answer:
    usual, description = pick(TOKEN[error], error, variant)
    return Answer(status or usual, {"error": error, "error_description": description.format(word=word)})


def refuse(
    reason: str, variant: str | None = None, *, status: int | None = None, field: str | None = None, **fill: str
) -> Refused:
    return Refused(api_error(reason, variant, status=status, field=field, **fill))


def traces() -> dict[str, str]:
    """The headers that every answer carries, for its support."""
    number = f"{random.getrandbits(128):032X}"
    return {
        "x-li-uuid": f"AAY{number[:21]}==",
        "x-li-fabric": "prod-lor1",
        "x-li-request-id": number,
        "x-restli-protocol-version": "2.0.0",
    }
