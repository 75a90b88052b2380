"""The recorded calls of a publication that goes well, for whoever asks before it is accepted."""

from collections.abc import Sequence

from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Cost
from waooaw_social.platforms.kit import Planned
from waooaw_social.platforms.youtube.errors import GENERAL, UPLOADS

UPLOAD = (
    Planned(call="open session 1", cost=Cost(bucket=UPLOADS, units=1)),
    Planned(call="complete upload 1", visible=True),
)
COMMUNITY_POST = (Planned(call="create community post", visible=True, cost=Cost(bucket=GENERAL, units=50)),)


def plan(publication: Publication) -> Sequence[Planned]:
    return COMMUNITY_POST if publication.format == "text" else UPLOAD
