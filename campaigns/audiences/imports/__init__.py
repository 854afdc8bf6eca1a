"""Importing recipients: any CSV or XLSX, a million rows, memory flat, each row stored or named as a problem."""

from campaigns.audiences.imports.columns import usable_name
from campaigns.audiences.imports.job import check_and_store
from campaigns.audiences.imports.leftovers import sweep, sweep_now_and_then
from campaigns.audiences.imports.problems import by_reason, csv_file, words
from campaigns.audiences.imports.sentences import ImportRefused, sentence
from campaigns.audiences.imports.steps import (
    choose_columns,
    confirm,
    discard,
    earlier_import,
    look_at_import,
    start_import,
    unfilled,
    wake_stuck,
)

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
    "sweep",
    "sweep_now_and_then",
    "unfilled",
    "usable_name",
    "wake_stuck",
    "words",
]
