"""What workers run. A task gets ids alone, may be lost or doubled, and then does no harm."""

from campaigns.services import importing


def look_at_import(import_id: int) -> None:
    importing.look_at_import(import_id)


def check_import(import_id: int) -> None:
    importing.check_and_store(import_id)
