"""Which operator a number belongs to by its prefix: a guess, since numbers can be ported. Edited by people."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.states import Operator


class OperatorPrefix(models.Model):
    """The longest prefix wins: 1349 beats 134."""

    prefix = models.CharField(
        _("prefix"),
        max_length=5,
        unique=True,
        validators=[RegexValidator(r"^1[3-9]\d{1,3}$", _("3 to 5 digits that begin with 13 to 19."))],
    )
    operator = models.CharField(_("operator"), max_length=4, choices=Operator)

    class Meta:
        verbose_name = _("number prefix")
        verbose_name_plural = _("number prefixes")
        ordering = ["prefix"]

    def __str__(self) -> str:
        return self.prefix
