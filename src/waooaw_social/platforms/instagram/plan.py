"""The recorded calls of a publication that goes well, for whoever asks before it is accepted."""

from collections.abc import Sequence

from waooaw_social.core.publication import Publication
from waooaw_social.platforms.instagram.calls import ONE_POST
from waooaw_social.platforms.instagram.check import items_of
from waooaw_social.platforms.kit import Planned


def plan(publication: Publication) -> Sequence[Planned]:
    """A container, one for each item of a carousel before it, and the call that puts it out."""
    several = publication.format == "carousel"
    items = items_of(publication.content) if several else ()
    children = [Planned(call=f"child {number} of container 1") for number in range(1, len(items) + 1)]
    return (*children, Planned(call="container 1"), Planned(call="publish 1", visible=True, cost=ONE_POST))
