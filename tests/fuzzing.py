"""How many examples a generated test runs: 300 in the suite, more by `make fuzz`."""

import os

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
