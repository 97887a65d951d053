"""What exists in the systems and the inventory does not mention; and what it mentions and is not there any more.

A listing says what exists; names, declared types and a bounded sample of values let the categories be guessed. No
sampled value outlives the look at it: what is kept of it are counts.
"""

from orchestrator.survey.model import Gap, Kind, Survey, Surveyed
from orchestrator.survey.usecases import Surveying

__all__ = ["Gap", "Kind", "Survey", "Surveyed", "Surveying"]
