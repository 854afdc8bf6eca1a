"""One callback route for every vendor."""

from django.urls import path, register_converter

from messaging.callbacks.receive import callback


class CallbackToken:
    """What such a token can look like. Anything else is no address, and never reaches the database."""

    regex = "[A-Za-z0-9_-]{20,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CallbackToken, "callback_token")

urlpatterns = [path("<slug:vendor>/<callback_token:token>/<slug:kind>/", callback, name="vendor-callback")]
