"""The access and portability package: what a person gets, and is told of, when they ask what is held about them.

A package is a folder or a ZIP file: `index.html` for people, `manifest.json` for programs, `data/` with the rows of
each collection as JSON Lines and CSV, `files/` with files and mails. What it never holds is named as held and
withheld (11 CCR 7024(d)); texts, mails and documents are looked through for it, and for other people's addresses
and numbers, which are blacked out in a copy. What cannot be looked through is held for a person, and not in it.
"""

from orchestrator.package.categories import Category, Lists
from orchestrator.package.model import Exported, Kept, Package
from orchestrator.package.period import Period, period
from orchestrator.package.vocabulary import Verdict
from orchestrator.package.write import Job, write

__all__ = ["Category", "Exported", "Job", "Kept", "Lists", "Package", "Period", "Verdict", "period", "write"]
