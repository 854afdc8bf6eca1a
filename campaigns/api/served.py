"""The addresses as they stand below the site's root, for the schema."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("campaigns.api.urls"))]
