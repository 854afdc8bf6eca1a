"""Kills by seeds, outside the test suite: python -m tests.faults [--seeds 50 | --only 7,12] [--database sqlite|postgres].

Prints a line for each seed and the sum; the exit code is 1 if anything was lost, doubled or does not add up.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager, nullcontext
from typing import Any


class _NoBlocker:
    """Outside pytest nobody keeps this process from the database."""

    def unblock(self) -> Any:
        return nullcontext()


@contextmanager
def _django() -> Any:
    with tempfile.TemporaryDirectory(prefix="songda-faults-own-") as folder:
        os.environ.update(DATA_DIR=folder, DJANGO_SETTINGS_MODULE="config.settings.test")
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        yield


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, metavar="N", help="run the seeds 1 to N (50)")
    parser.add_argument("--only", metavar="A,B", help="run these seeds alone")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument(
        "--restores", choices=("restored", "healthy", "both"), help="databases that forget, instead of kills"
    )
    parser.add_argument("--hosts", metavar="POINTS", help="two hosts, instead of kills: all, or some of claim,stop,…")
    options = parser.parse_args(words)
    if options.hosts:
        with _django():
            return _hosts(options.hosts)
    seeds = [int(word) for word in options.only.split(",")] if options.only else range(1, options.seeds + 1)
    with _django():
        if options.restores:
            return _restores(seeds, options.restores)
        return run(seeds, options.database)


def _hosts(which: str) -> int:
    from tests.faults import two_hosts

    return two_hosts.drill([] if which == "all" else which.split(","), _NoBlocker())


def _restores(seeds: Sequence[int], which: str) -> int:
    from tests.faults import restores

    return restores.run(seeds, ("restored", "healthy") if which == "both" else (which,), _NoBlocker())


def run(seeds: Sequence[int], database: str) -> int:
    from tests.faults import table
    from tests.faults.grounds import field
    from tests.faults.seeds import case

    began, proofs, stuck = time.monotonic(), [], 0
    with field(database, _NoBlocker()) as ground:
        say(table.head())
        for seed in seeds:
            try:
                proofs.append(ground.run(case(seed)))
            except AssertionError as error:
                stuck += 1
                say(f"| {seed:>5} | {error}")
            else:
                say(table.row(proofs[-1]))
        verified = ground.ground.place.manage("verify", check=False)
    say(table.total(proofs))
    say(f"\n{database}, {time.monotonic() - began:.0f} s; manage.py verify: {_verdict(verified)}")
    return int(stuck or verified.returncode or any(proof.faults for proof in proofs))


def _verdict(done: Any) -> str:
    fails = [line for line in done.stdout.splitlines() if "FAILS" in line]
    return f"{done.stdout.count(') ok')} equations hold, {len(fails)} fail, exit code {done.returncode}"


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
