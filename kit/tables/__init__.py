"""Files of rows that people upload: any CSV or XLSX, read in pieces, or refused with a sentence."""

from kit.tables.file_errors import ImportRefused, sentence
from kit.tables.numbers import NUMBER_WORDS, masked, normalise
from kit.tables.rows import MAX_CSV_MB, Row, Source, sniff

__all__ = ["MAX_CSV_MB", "NUMBER_WORDS", "ImportRefused", "Row", "Source", "masked", "normalise", "sentence", "sniff"]
