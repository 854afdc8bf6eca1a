"""Files of rows that people upload: any CSV or XLSX, read in pieces, or refused with a sentence."""

from config.kit.tables.numbers import NUMBER_WORDS, masked, normalise
from config.kit.tables.reading import MAX_CSV_MB, Row, Source, sniff
from config.kit.tables.refusing import ImportRefused, sentence

__all__ = ["MAX_CSV_MB", "NUMBER_WORDS", "ImportRefused", "Row", "Source", "masked", "normalise", "sentence", "sniff"]
