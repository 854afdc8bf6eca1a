"""Which forms that may be used once were used."""

from django.conf import settings
from django.db import models


class FormToken(models.Model):
    """The nonce of a form that was used, by whom and when. Kept as long as the form would be accepted."""

    nonce = models.CharField(max_length=40, primary_key=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    used_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
