"""Every address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog

from config import csp_reports
from templates_5g.public import media_file

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="jsi18n"),
    path("m/<uuid:key>.<slug:extension>", media_file, name="public-media"),
    path("callbacks/", include("messaging.callbacks.urls")),
    path("csp-report/", csp_reports.receive, name="csp-report"),
    path("api/v1/", include("campaigns.api.urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

handler403 = "config.expired.permission_denied"
