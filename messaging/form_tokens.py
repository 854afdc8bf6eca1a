"""Forms that may be used once: a second click, a reload or a second person meets what the first one did."""

import secrets
from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import display
from kit.people import Person
from messaging.models import FormToken

_LASTS = timedelta(hours=12)


class BadToken(Exception):
    """Not a token of ours for this purpose, or older than twelve hours: show the form again."""


class OtherPurpose(BadToken):
    """A token for another act, or for the same while something else held: what the page showed is not so any more."""


class AlreadyDone(Exception):
    """The form was used already. `who` did it, `at`."""

    def __init__(self, who: str, at: datetime) -> None:
        words = _("This form was used already: %(who)s sent it %(time)s. Nothing was done a second time.")
        super().__init__(words % {"who": who, "time": display.day_and_time(at)})
        self.who = who
        self.at = at


def issue(user: Person, purpose: str) -> str:
    """A token for one form. `purpose` names the act and its object ("start:17")."""
    return signing.dumps([purpose, user.pk, secrets.token_urlsafe(12)], salt="songda.once")


def spend(token: str, user: Person, purpose: str) -> None:
    """Use the token up. Call it inside the transaction of the act: if the act fails, the token is free again.

    Raises BadToken (OtherPurpose where the purpose differs), and AlreadyDone the second time.
    """
    try:
        its_purpose, user_id, nonce = signing.loads(token, salt="songda.once", max_age=_LASTS)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadToken(_("This form is too old. Look at it again and confirm once more.")) from error
    if its_purpose != purpose or user_id != user.pk:
        raise OtherPurpose(_("This has changed since the page was opened, so nothing was done. Look at it again."))
    _use(nonce, user)


def _use(nonce: str, user: Person) -> None:
    now = timezone.now()
    FormToken.objects.filter(used_at__lt=now - _LASTS).delete()
    try:
        with transaction.atomic():
            FormToken.objects.create(nonce=nonce, used_by=user, used_at=now)
    except IntegrityError as error:
        used = FormToken.objects.select_related("used_by").get(nonce=nonce)
        who = display.person(used.used_by) if used.used_by else display.UNKNOWN
        raise AlreadyDone(who, used.used_at) from error
