from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Templates5gConfig(AppConfig):
    name = "templates_5g"
    verbose_name = _("Content")
