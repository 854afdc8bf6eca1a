"""Who acts: the types that services are annotated with, and the person behind a request.

The class of users is Django's own. Models cannot be imported here, since applications import this package before they are
loaded; the names are therefore strings for the type checker.
"""

from typing import TYPE_CHECKING, TypeAlias

from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.http import HttpRequest

Person: TypeAlias = "User"
# A person, or None where the system acts by itself.
Actor: TypeAlias = "User | None"
# Who a page is shown to, signed in or not: only asked for permissions.
Visitor: TypeAlias = "User | AnonymousUser"


def signed_in(request: "HttpRequest") -> Person:
    """The person who asks, on a page behind the login. Raises PermissionDenied (403) for anybody else."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    return user
