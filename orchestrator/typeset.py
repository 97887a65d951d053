"""PDF/UA by typst: tagged, with title, language and reading order; the same bytes each time.

What varies is data, which a layout reads as JSON: no text of it is ever read as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.errors import NotAllowedError

_MISSING_GLYPH = re.compile(r"could not be displayed")


class NoPdfError(NotAllowedError):
    """The PDF cannot be made here; other forms can."""


def pdf(layout: bytes, name: str, data: Mapping[str, Any], at: datetime, fonts: Path | None = None) -> bytes:
    """The layout set with the data, which it finds under `sys.inputs` by that name; dated `at`.

    NoPdfError if the extra is not installed, or no font has some sign of the text.
    """
    try:
        import typst
    except ImportError:
        raise NoPdfError("no PDF: install the extra `letters` (./scripts/install all)") from None
    paths = [str(fonts)] if fonts else []
    try:
        made: object = typst.compile(  # type: ignore[misc]
            layout, sys_inputs={name: json.dumps(data)}, pdf_standards=["ua-1"], font_paths=paths, timestamp=at
        )
    except typst.TypstError as error:
        # Its text quotes the data.
        if _MISSING_GLYPH.search(str(error)):
            way = "put a font that has it into a folder and name that in `letters.fonts` of the inventory"
            raise NoPdfError(f"no PDF: no font here has some sign of the text; {way}") from None
        raise NoPdfError("no PDF: the layout cannot be set with this text") from None
    assert isinstance(made, bytes)  # one document, and no output file
    return made
