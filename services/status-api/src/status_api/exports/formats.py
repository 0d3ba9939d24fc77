"""The forms that a deck of cards can be downloaded in."""

from enum import StrEnum


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    TXT = "txt"
    XLSX = "xlsx"
    APKG = "apkg"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @property
    def built(self) -> bool:
        """Whether it is an archive, which must be whole before its first byte can be sent."""
        return self in {ExportFormat.XLSX, ExportFormat.APKG}


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.JSONL: "application/jsonl; charset=utf-8",
    ExportFormat.TXT: "text/plain; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.APKG: "application/octet-stream",  # as a zip, which it is, some browsers would unpack it
}
