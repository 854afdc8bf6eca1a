"""Why a workbook cannot be read, as a key of kit.tables.file_errors.FILE and its values."""


class Refusal(Exception):
    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key)
        self.key, self.params = key, params
