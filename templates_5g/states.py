"""The words of templates: kinds, purposes, states of media."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    TEXT = "text", _("Text")
    CARD = "card", _("Single card")
    CAROUSEL = "carousel", _("Carousel")
    FILE = "file", _("File")
    PLACE = "place", _("Place")
    MMS = "mms", _("MMS")
    SMS = "sms", _("SMS")


class Purpose(models.TextChoices):
    MARKETING = "marketing", _("Marketing")
    NOTICE = "notice", _("Notice")


class MediaState(models.TextChoices):
    OK = "ok", _("Usable")
    REFUSED = "refused", _("Not usable")
