"""The schema of a post, as a table: which fields there are, of which kind, and which must be there (contract linkedin 1.4, 1.10).

A body that does not fit is answered with 422 and a text that names the path; what fits may still hold a value that is refused later.
"""

from dataclasses import dataclass, field
from typing import Any, cast

from waooaw_sandbox.kit import Json
from waooaw_sandbox.linkedin.errors import refuse


@dataclass(frozen=True)
class Shape:
    """A record by its fields, or a plain `kind`, or a text out of `symbols`, or a list `of` something. `union`: exactly one field."""

    kind: type = dict
    required: bool = False
    fields: "dict[str, Shape]" = field(default_factory=dict[str, "Shape"])
    symbols: tuple[str, ...] = ()
    of: "Shape | None" = None
    union: bool = False
    free: bool = False


def text(*symbols: str, required: bool = False) -> Shape:
    return Shape(str, required, symbols=symbols)


NEEDED = text(required=True)
TEXT = text()
ANY = Shape(dict, free=True)
MEDIA = {"id": NEEDED, "altText": TEXT}
DURATIONS = ("ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS")

POST = Shape(
    fields={
        "author": NEEDED,
        "commentary": NEEDED,
        "visibility": text("PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER", required=True),
        "distribution": Shape(
            required=True,
            fields={
                "feedDistribution": text("MAIN_FEED", "NONE", required=True),
                "targetEntities": Shape(list, of=ANY),
                "thirdPartyDistributionChannels": Shape(list, of=ANY),
            },
        ),
        "content": Shape(
            union=True,
            fields={
                "media": Shape(fields={**MEDIA, "title": TEXT}),
                "multiImage": Shape(
                    fields={"images": Shape(list, required=True, of=Shape(fields=MEDIA)), "altText": TEXT}
                ),
                "article": Shape(
                    fields={"source": NEEDED, "title": NEEDED, "description": TEXT, "thumbnail": TEXT, "thumbnailAltText": TEXT}
                ),
                "poll": Shape(
                    fields={
                        "question": NEEDED,
                        "options": Shape(list, required=True, of=Shape(fields={"text": NEEDED})),
                        "settings": Shape(
                            required=True,
                            fields={
                                "duration": text(*DURATIONS, required=True),
                                "voteSelectionType": TEXT,
                                "isVoterVisibleToAuthor": Shape(bool),
                            },
                        ),
                    }
                ),
                "carousel": ANY,
                "reference": ANY,
                "celebration": ANY,
            },
        ),
        "lifecycleState": text("PUBLISHED", "DRAFT", "PUBLISH_REQUESTED", "PUBLISH_FAILED", required=True),
        "isReshareDisabledByAuthor": Shape(bool),
        "reshareContext": Shape(fields={"parent": NEEDED, "root": TEXT}),
        "adContext": ANY,
        "container": TEXT,
        "contentLandingPage": TEXT,
        "contentCallToActionLabel": TEXT,
    }
)  # fmt: skip


def check(value: Any, shape: Shape, path: str = "") -> None:
    """Refuse what does not fit, at its first fault."""
    if not isinstance(value, shape.kind):
        raise wrong(path, f"{value!r} cannot be coerced to {shape.kind.__name__}")
    if shape.symbols and value not in shape.symbols:
        raise wrong(path, f'"{value}" is not an enum symbol')
    if shape.of is not None:
        for number, item in enumerate(cast(list[Any], value)):
            check(item, shape.of, f"{path}/{number}")
    if shape.kind is dict and not shape.free:
        check_record(cast(Json, value), shape, path)


def check_record(value: Json, shape: Shape, path: str) -> None:
    for name in value:
        if name not in shape.fields:
            raise refuse("SCHEMA", "unrecognized", field=f"{path}/{name}")
    for name, inner in shape.fields.items():
        if name in value:
            check(value[name], inner, f"{path}/{name}")
        elif inner.required:
            raise refuse("SCHEMA", "required", field=f"{path}/{name}")
    if shape.union and len(value) != 1:
        raise wrong(path, "DataMap should have exactly one entry for a union type")


def wrong(path: str, message: str) -> Exception:
    return refuse("SCHEMA", "type", field=path or "/", text=message)
