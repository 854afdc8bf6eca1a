"""How often somebody looked up numbers, so that a masked number cannot be found by trying."""

from django.conf import settings
from django.db import models


class LookupCount(models.Model):
    """Numbers that a person typed in one hour of the clock (`hour`: hours since 1970)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.PositiveIntegerField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "hour"], name="lookup_count_once_an_hour")]
