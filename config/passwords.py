"""What a password must be, where Django says it in English alone."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _


class LongEnough(MinimumLengthValidator):
    def get_error_message(self) -> str:
        return _("The password is too short: it must have at least %(n)s characters.") % {"n": self.min_length}
