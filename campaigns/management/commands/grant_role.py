"""Give somebody a role by a superuser's word at the server: for the first people, who have no second person yet."""

import getpass
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns import roles
from campaigns.approvals import role_grants


class Command(BaseCommand):
    help = (
        "Give a person a role at once, without a second person: for the first people of an installation. "
        "It is written into the audit trail with the reason."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="log-in name of the person")
        parser.add_argument("role", help=f"one of {', '.join(roles.PERMISSIONS)}")
        parser.add_argument("--reason", required=True, help="why, for the audit trail")
        parser.add_argument("--by", default="", help="log-in name of the superuser; not needed where there is only one")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if not reason:
            raise CommandError("Say why: --reason must not be empty.")
        if options["role"] not in roles.PERMISSIONS:
            raise CommandError(f"There is no role {options['role']}: one of {', '.join(roles.PERMISSIONS)}.")
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person {options['user']}.")
        by = self._superuser(options["by"])
        group = Group.objects.get(name=options["role"])
        given = role_grants.give_at_once(user, group, by=by, reason=reason, on_host=_login())
        words = "has the role now" if given else "had the role already"
        self.stdout.write(f"{user.get_username()}: {options['role']} {words} (by {by.get_username()}).")

    @staticmethod
    def _superuser(name: str) -> User:
        known = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
        if name:
            found = known.filter(username=name).first()
            if found is None:
                raise CommandError(f"{name} is no active superuser.")
            return found
        if known.count() != 1:
            raise CommandError(
                "Say which superuser gives the role: --by NAME. Make one with manage.py createsuperuser."
            )
        return known.get()


def _login() -> str:
    """The log-in name at this machine, as far as it is known."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
