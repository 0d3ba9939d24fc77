"""Entity tags of downloads: what a file is made of, so that nobody fetches the same one twice. Pure."""

import hashlib

from status_api.exports.formats import ExportFormat

_FORM = 1  # raised when a format changes, so that old copies count as old


def entity_tag(result: str, form: ExportFormat, *, name: str, bom: bool) -> str:
    """Weak for archives: another version of a library may pack the same cards into other bytes."""
    made_of = "\n".join([str(_FORM), result, form, str(bom), name if form.built else ""])
    digest = hashlib.sha256(made_of.encode()).hexdigest()[:32]
    return f'{"W/" if form.built else ""}"{digest}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether a client that says so has the file (weak comparison, RFC 9110)."""
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in known or tag.removeprefix("W/") in known
