"""One callback route for every vendor."""

urlpatterns: list = []
