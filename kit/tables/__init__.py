"""Files of rows that people upload: any CSV or XLSX, read in pieces, or refused with a sentence."""

from kit.tables.cells import masked
from kit.tables.file_errors import ImportRefused, sentence
from kit.tables.rows import MAX_CSV_MB, Row, Source, sniff

__all__ = ["MAX_CSV_MB", "ImportRefused", "Row", "Source", "masked", "sentence", "sniff"]
