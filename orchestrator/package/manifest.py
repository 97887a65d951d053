"""What `manifest.json` says: every file with hash, size and schema, everything withheld, held and left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.canonical import plain
from orchestrator.package.folder import Folder, digests, files_of
from orchestrator.package.looker import chunks_of
from orchestrator.package.model import Contents, Exported, Withheld

if TYPE_CHECKING:
    from orchestrator.package.write import Job

FORMATS = {
    "jsonl": "JSON Lines (https://jsonlines.org): one JSON object a line, UTF-8",
    "csv": (
        "CSV (RFC 4180), UTF-8 with byte order mark, the same rows as the JSON Lines file of that name; a text that "
        "begins with = + - @ ' tab or return has one apostrophe before it, so that no spreadsheet takes it for a "
        "formula; lists and objects are written as JSON; empty is null or an empty text"
    ),
    "mark": "[withheld: TYPE] stands where a value of that type was",
}


def manifest(job: Job, contents: Contents, folder: Folder) -> dict[str, Any]:
    """The manifest of a package whose other files are all written."""
    known = {f.name for f in contents.files}
    others = [
        {"name": name, "bytes": path.stat().st_size, "sha256": digests(chunks_of(path))}
        for path in files_of(folder.path)
        if (name := path.relative_to(folder.path).as_posix()) not in known
    ]
    return {
        "package": 1,
        "request": job.request.id,
        "right": str(job.request.right),
        "company": job.inventory.company,
        "received": plain(job.request.received),
        "made": plain(job.made_at),
        "period": {
            "since": plain(job.period.since),
            "asked_for": job.period.asked,
            "undated_included": list(contents.undated),
            "older_left_out": plain(contents.older),
        },
        "formats": FORMATS,
        "files": [_file(f) for f in contents.files],
        "pages": others,
        "withheld": [_withheld(w) for w in contents.withheld_from],
        "held": plain(contents.held),
        "left_out": [{"where": where, "why": why} for where, why in contents.left_out],
        "not_searched": [
            {"system": s.system, "coverage": str(s.coverage), "why": s.why}
            for s in job.plan.coverage
            if s.coverage != "searched"
        ],
    }


def _file(file: Exported) -> dict[str, Any]:
    told: dict[str, Any] = plain(file)
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _withheld(withheld: Withheld) -> dict[str, Any]:
    """11 CCR 7024(d): what is not handed out is told with sufficient particularity."""
    by = f" ({withheld.rule})" if withheld.rule else ""
    told = {
        "system": withheld.system,
        "collection": withheld.collection,
        "type": withheld.type,
        "held": True,
        "value": f"withheld{by}",
    }
    return told if withheld.count is None else told | {"places": withheld.count}
