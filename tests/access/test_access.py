"""Every address, action and scope of a token is named in table.txt with who may use it, and it is so.

After adding a page: `python -m pytest tests/access --write-access` writes what is so now. Read the difference; it is the review.
"""

from typing import Any

import pytest
from django.test import Client

from campaigns.api import tokens
from campaigns.states import Scope
from tests.access import table, walk
from tests.access.rows import Rows, everything
from tests.people import person

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
ADDRESSES = [address for address in walk.addresses() if not address.name.startswith("api-")]
API = [address for address in walk.addresses() if address.name.startswith("api-")]
METHODS = ("GET", "POST")


def said(open_to: set[str]) -> str:
    if walk.STRANGER in open_to:
        return "everybody"
    if walk.NOBODY in open_to:
        return "signed in"
    held = [role for role in walk.ROLES if role in open_to]
    return " ".join(held) or ("superusers" if walk.SUPERUSER in open_to else "nobody")


@pytest.fixture
def rows(db: None) -> Rows:
    return everything()


def found_at(address: walk.Address, rows: Rows, clients: dict[str, Client]) -> dict[str, str]:
    url = walk.path(address, rows)
    found = {}
    for method in METHODS:
        open_to = {who for who, client in clients.items() if walk.is_open(who, client, method, url)}
        found[f"{method} {address.name}"] = said(open_to)
    return found


@pytest.mark.parametrize("start", range(0, len(ADDRESSES), 20))
def test_every_address_is_for_whom_the_table_names(start: int, rows: Rows, write_access: Any) -> None:
    found: dict[str, str] = {}
    clients = walk.everybody()
    for address in ADDRESSES[start : start + 20]:
        if address.name not in walk.FOR_EVERYBODY:
            found |= found_at(address, rows, clients)
    write_access(found)
    wanted = table.read()
    assert {what: wanted.get(what, "no row names it") for what in found} == found


def test_every_action_is_for_whom_the_table_names(db: None, write_access: Any) -> None:
    found = {
        f"ACTION {label} {action}": said({who for who in walk.PERSONS[1:] if walk.may_act(who, label, action)})
        for label, action in walk.actions()
    }
    write_access(found)
    wanted = table.read()
    assert {what: wanted.get(what, "no row names it") for what in found} == found


def scopes_of(address: walk.Address, method: str, callers: dict[str, Any]) -> str:
    url = walk.path(address, Rows())
    open_to = []
    for scope, (client, plain) in callers.items():
        answer = client.generic(
            method, url, data=b"{}", content_type="application/json", headers={"Authorization": f"Bearer {plain}"}
        )
        assert answer.status_code < 500, (method, url)
        if answer.status_code not in (401, 403, 405):
            open_to.append(scope)
    if len(open_to) == len(callers):
        return "everybody"
    return " ".join(open_to) or "nobody"


def test_every_call_of_the_api_is_for_the_scopes_that_the_table_names(db: None, write_access: Any) -> None:
    root = person(superuser=True)
    callers = {"": (Client(raise_request_exception=False), "")}
    for scope in Scope:
        _token, plain = tokens.make(f"token {scope}", [scope], root, 60_000)
        callers[scope.value] = (Client(raise_request_exception=False), plain)
    found = {f"{method} {address.name}": scopes_of(address, method, callers) for address in API for method in METHODS}
    write_access(found)
    wanted = table.read()
    assert {what: wanted.get(what, "no row names it") for what in found} == found


def test_the_table_names_nothing_that_is_gone() -> None:
    known = {f"{method} {address.name}" for address in walk.addresses() for method in METHODS}
    known |= {f"ACTION {label} {action}" for label, action in walk.actions()}
    assert set(table.read()) - known == set()
