"""What a download is called: from the job's name, which is a stranger's. Pure."""

import re
import unicodedata
from urllib.parse import quote

from status_api.exports.formats import ExportFormat

_LONGEST = 100  # characters, so that with its suffix every file system takes the name
_FALLBACK = "cards"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")


def title_of(job_name: str) -> str:
    """The book's name as far as its file name tells: without `.pdf`, paths and what cannot be shown."""
    name = re.sub(r"(?i)\.pdf$", "", unicodedata.normalize("NFC", job_name))
    shown = "".join(ch if unicodedata.category(ch)[0] != "C" else " " for ch in name)
    return " ".join(shown.split())[:_LONGEST].strip() or _FALLBACK


def file_name(job_name: str, form: ExportFormat) -> str:
    """A name that is one part of a path on every system, and no device on Windows."""
    plain = _FORBIDDEN.sub("_", title_of(job_name)).strip(" .") or _FALLBACK
    return f"{'_' if _DEVICES.match(plain) else ''}{plain}.{form}"


def content_disposition(name: str) -> str:
    """The header by RFC 6266: `filename*` has the name whole, `filename` what of it is ASCII for old readers."""
    ascii_name = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE")).encode("ascii", "ignore")
    old = re.sub(r'[^\x20-\x7e]|["\\%]', "_", ascii_name.decode())
    return f"attachment; filename=\"{old}\"; filename*=UTF-8''{quote(name, safe='')}"
