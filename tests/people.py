"""Users of the four roles, as the migration makes them."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from campaigns import roles


def person(role: str = "", *, superuser: bool = False) -> User:
    """A user with one role, none, or all power. The name is the role's."""
    name = role or ("root" if superuser else "nobody")
    user, made = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": superuser, "first_name": name}
    )
    if made and role:
        roles.ensure()
        user.groups.add(Group.objects.get(name=role))
    return user


def person_with(*held: str, name: str = "") -> User:
    """A user with several roles: who makes tokens must hold what the tokens may do."""
    user, made = User.objects.get_or_create(
        username=name or "+".join(held), defaults={"is_staff": True, "first_name": name or "+".join(held)}
    )
    if made:
        roles.ensure()
        user.groups.set(Group.objects.filter(name__in=held))
    return user


def integrator() -> User:
    """Makes tokens of every scope: an administrator who also sends and answers."""
    return person_with(roles.ADMINISTRATORS, roles.CAMPAIGNS, roles.SUPPORT, name="接口负责人")


def signed_in(role: str = "", *, superuser: bool = False, language: str = "", user: User | None = None) -> Client:
    client = Client()
    client.force_login(user or person(role, superuser=superuser))
    if language:
        client.cookies["django_language"] = language
    return client


def token_on(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
    """The one-time token of the form that stands at this address."""
    from tests.markup import read

    response = client.post(url, data) if data is not None else client.get(url)
    return read(response).inputs["token"]["value"]
