"""The laws, each in a file of its own, and the calendar of days off. Read once, when first asked for.

Every rule names its citation and how its wording is known. A file that does not say when a request for
access or deletion must be answered is not a law that this program can keep, and is refused.
"""

from orchestrator.regimes.load import FOLDER, holidays, law_of, regime

__all__ = ["FOLDER", "holidays", "law_of", "regime"]
