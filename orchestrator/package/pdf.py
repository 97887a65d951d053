"""PDFs: as they are if nothing in them is to be withheld and all of them was seen; otherwise as their text.

Nothing is painted over: text under a box is still there, and so are earlier versions of a page. What a program
cannot see in one, pictures above all, leaves the file to a person as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.package.kinds import FileKind
from orchestrator.package.scan import Found
from orchestrator.package.vocabulary import Verdict

if TYPE_CHECKING:
    from orchestrator.package.looker import Looker, Seen

_READER = "orchestrator.package.pdf_text"
_ENVIRON = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "HOME", "LANG")  # and no credentials
_PATIENCE = 120  # seconds
_LARGEST = 64 * 1024 * 1024  # bytes
_PAGE = "\n\n--- page {} ---\n\n"


def pdf(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """What of a PDF can be given out."""
    assert whole.path is not None
    if whole.path.stat().st_size > _LARGEST:
        return looker.hold(whole, FileKind.PDF, "the PDF is too large to be looked through")
    read = _read(whole.path)
    if read is None:
        return looker.hold(whole, FileKind.PDF, "the PDF cannot be read")
    pages, other, why = read["pages"], read["other"], read["why"]
    if not any(p.strip() for p in pages):
        return looker.hold(whole, FileKind.PDF, f"the PDF has no text: {'; '.join(why) or 'it is empty'}")
    text = "".join(_PAGE.format(n) + page for n, page in enumerate(pages, 1)).strip()
    found = Found()
    clean = looker.scanner.cleaned(text, found)
    hidden = Found()
    looker.scanner.cleaned("\n\n\n".join(other), hidden)  # in its properties: not given out at all
    if not found and not hidden and not why:
        return whole
    held = looker.hold(whole, FileKind.PDF, "; ".join(why)) if why else None
    if held and held.verdict is Verdict.RELEASED:
        return held
    found.update(hidden)
    return replace(
        whole, verdict=Verdict.TEXT, path=looker.put(clean.encode("utf-8", "replace")), suffix=".txt",
        media_type="text/plain", found=found, held=held.held if held else (), why="given as its text",
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any] | None:
    try:
        done = subprocess.run(  # noqa: S603 (our own module)
            [sys.executable, "-m", _READER, str(path)], capture_output=True, timeout=_PATIENCE, check=True,
            env={name: os.environ[name] for name in _ENVIRON if name in os.environ},
        )  # fmt: skip
        read: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return None
    return read
