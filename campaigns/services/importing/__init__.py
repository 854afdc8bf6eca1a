"""Importing recipients: any CSV or XLSX, a million rows, memory flat, each row stored or named as a problem."""

from campaigns.services.importing.columns import usable_name
from campaigns.services.importing.flow import (
    choose_columns,
    confirm,
    discard,
    earlier_import,
    look_at_import,
    start_import,
    wake_stuck,
)
from campaigns.services.importing.problems import by_reason, csv_file, words
from campaigns.services.importing.sentences import ImportRefused, sentence
from campaigns.services.importing.storing import check_and_store

__all__ = [
    "ImportRefused",
    "by_reason",
    "check_and_store",
    "choose_columns",
    "confirm",
    "csv_file",
    "discard",
    "earlier_import",
    "look_at_import",
    "sentence",
    "start_import",
    "usable_name",
    "wake_stuck",
    "words",
]
