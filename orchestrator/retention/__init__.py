"""Scheduled retention: rows that are past their time go, whoever they are about, by the same pipe as a request.

Plan with counts, guard, approval (a person's, or a standing one up to a limit), execution in batches around legal
holds, confirmation by a new count, signed receipt. Exceptions of requests that end are carried out in the same way.
"""

from orchestrator.retention.model import RETENTION, RetentionPlan, RetentionStep
from orchestrator.retention.standing import Standing
from orchestrator.retention.usecases import Ran, Retentions, Shown

__all__ = ["RETENTION", "Ran", "RetentionPlan", "RetentionStep", "Retentions", "Shown", "Standing"]
