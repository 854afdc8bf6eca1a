"""Marks message ids for translation in code that must not import Django (adapters, blocks)."""


def gettext_noop(message: str) -> str:
    """Return the msgid unchanged; makemessages finds the call. The Django layers translate when they show it."""
    return message
