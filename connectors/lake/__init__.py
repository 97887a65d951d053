"""Rows of people inside files: found, and the file written anew without them.

Knows files, not where they are kept: `connectors.aws.lake` brings them from S3 and back. A `Layout` says
what a file is (format, packing, where identifiers stand), `People` whose rows are meant, `open_file` reads.
One pass serves as many people as are asked for: values are looked up in sets, never compared one by one.

A file that cannot be read to its end, or whose rows cannot be told apart, raises `DamagedError` and is never
written: half a file would be a loss of everybody else's rows.
"""

from __future__ import annotations

from connectors.lake.files import DamagedError, Layout, Row, RowFile, Tally, open_file
from connectors.lake.people import Column, People, Verdict

__all__ = ["Column", "DamagedError", "Layout", "People", "Row", "RowFile", "Tally", "Verdict", "open_file"]
