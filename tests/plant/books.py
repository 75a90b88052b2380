"""The books: what is billed is what followers see, and what nobody could tell is settled by a person who looks.

What is out comes from the sandbox's audience, what is billed from the export of the usage events; neither knows of the other.
"""

import json

from plant.house import House

Out = tuple[str, str]
"""A platform, and its id of a post."""


async def balance(house: House, out: set[Out], doubts: dict[str, list[Out]]) -> None:
    """What is out and not billed is what nobody could tell of; once that is settled by hand, what is billed is what is out.

    `doubts`: of each unresolved publication, what of it is out.
    """
    live = {one for copies in doubts.values() for one in copies}
    assert live, "nothing that is out was in doubt: the books were not tried"
    billed = await successes(house)
    assert billed <= out, f"billed, and nobody sees it: {billed - out}"
    assert out - billed == live, f"neither billed nor in doubt: {out - billed - live}; both: {live & billed}"
    for publication, copies in doubts.items():
        await settle(house, publication, copies[0][1] if copies else None)
    assert await successes(house) == out


async def successes(house: House) -> set[Out]:
    """What the usage events say is out, each once."""
    told = {"authorization": f"Bearer {house.agent_key}"}
    answer = await house.http.get(f"{house.plant}/api/v1/usage/export", headers=told)
    assert answer.status_code == 200, answer.text
    events = [json.loads(line) for line in answer.text.splitlines()]
    billed = [(one["platform"], one["post_id"]) for one in events if one["status"] == "success"]
    assert len(billed) == len(set(billed)), "billed twice"
    return set(billed)


async def settle(house: House, publication: str, post_id: str | None) -> None:
    """As a person does who has looked at the account. None: nothing is there, and it is given up."""
    found = {"outcome": "published", "post_id": post_id} if post_id else {"outcome": "not_published", "then": "give_up"}
    told = {"authorization": f"Bearer {house.agent_key}"}
    url = f"{house.plant}/api/v1/publications/{publication}/resolve"
    answer = await house.http.post(url, json=found, headers=told)
    assert answer.status_code == 200, answer.text
