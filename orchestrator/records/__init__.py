"""The record of requests: the law's log, the figures of a year, and the end of the record itself.

Everything is derived from the journal; nothing is kept beside it. 11 CCR 7101(a) asks for 24 months, (b) for the
fields of the log, (d) that it serves nothing else; 7102 asks the largest businesses to publish the figures.
"""

from orchestrator.records.appeals import Appeal, Appeals, Result
from orchestrator.records.keeping import Due, Purged, Records
from orchestrator.records.log import Logged, Response, csv_of
from orchestrator.records.metrics import Figures, Year, figures

__all__ = [
    "Appeal",
    "Appeals",
    "Due",
    "Figures",
    "Logged",
    "Purged",
    "Records",
    "Response",
    "Result",
    "Year",
    "csv_of",
    "figures",
]
