"""A renamed column or value is read and written by its name of then."""

import pytest

from messaging.models import Batch
from tests.golden.renamed import RENAMED, new, old, old_value


def test_names_and_values_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RENAMED, "Batch.number", "place")
    monkeypatch.setitem(RENAMED, "Batch.state=submitted", "given")
    row = old(Batch(number=3, state="submitted"))
    assert (row["place"], row["state"], "number" in row) == (3, "given", False)
    assert new(Batch, place=3, state="given", size=1) == {"number": 3, "state": "submitted", "size": 1}
    assert new(Batch, state="queued", claimed_at=None) == {"state": "queued", "claimed_at": None}


def test_what_has_its_name_still_is_left_alone() -> None:
    assert old_value("Batch", "state", "queued") == "queued"
    assert old(Batch(number=3))["number"] == 3
