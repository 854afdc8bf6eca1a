"""One callback route for every vendor."""

from django.urls import path

from messaging.api.callbacks import callback

urlpatterns = [path("<slug:vendor>/<str:token>/<slug:kind>/", callback, name="vendor-callback")]
