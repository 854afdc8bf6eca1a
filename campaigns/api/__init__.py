"""The REST API for other systems: thin doors to the services, one shape of errors, tokens with scopes."""
