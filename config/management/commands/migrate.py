"""`manage.py migrate`, which does not keep everybody else waiting: where it does not get a lock in 3 s it lets go and tries again.

What waits for a lock on a table makes everything behind it wait as well, so one that meets a long query would stop the pages.
Each migration is one transaction: what was applied stays applied, and the next try begins with the one that failed.
"""

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError

from kit.lock_errors import waited_in_vain

TRIES = 20
PAUSE_SECONDS = 3.0


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        for tried in range(1, TRIES + 1):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not waited_in_vain(error):
                    raise
                self.stderr.write(f"A table is in use; the migration lets go and tries again ({tried} of {TRIES}).")
                time.sleep(PAUSE_SECONDS)
            else:
                return
        raise CommandError(
            "A table was in use all the time. Stop the workers, or end the long query, and run it again."
        )
