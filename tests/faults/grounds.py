"""An installation for fault runs: sandbox, web and worker on a database that can be killed, and a person who is logged in."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests import postgres
from tests.desk import Person
from tests.faults.dispatches import Ground
from tests.faults.proving import FAIL_EVERY, Proof, Pushes, prove
from tests.faults.seeds import Case
from tests.faults.story import Story, person_of
from tests.faults.striking import Operator
from tests.installation import VENDOR, installation, looking_into

DATABASES = ("sqlite", "postgres")


class Field:
    """Seeds are run on it one after the other."""

    def __init__(self, ground: Ground, operator: Operator, person: Person) -> None:
        self.ground = ground
        self.operator = operator
        self.person = person

    def run(self, case: Case) -> Proof:
        """Raises AssertionError when the campaign never comes to its end; what is wrong at the end stands in the proof."""
        before = Pushes.so_far(self.ground)
        story = Story(self.ground, self.operator, self.person, case)
        story.run()
        return prove(story, before)


@contextmanager
def field(database: str, blocker: Any) -> Iterator[Field]:
    """`database`: one of DATABASES. `blocker`: whatever unblocks this process's own way to the database."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server()) if database == "postgres" else None
        place = stack.enter_context(installation(server.url if server else ""))
        stack.enter_context(looking_into(place.database_url, blocker))
        ground = Ground(place, batch_size=100)
        place.sandbox.set(VENDOR, fail_every=FAIL_EVERY, push_retries=60, push_backoff=0.2, push_workers=2)
        place.revive()
        person = person_of(ground)
        operator = Operator(place, server)
        place.wait("the setting up has been heard of", lambda: _quiet(ground))
        yield Field(ground, operator, person)


def _quiet(ground: Ground) -> bool:
    return not ground.place.sandbox.ask("state")["vendors"][VENDOR]["pushes"]["waiting"]
