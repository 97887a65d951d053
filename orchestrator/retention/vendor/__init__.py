"""Vendors' own retention: settings that end data by its age, compared with the inventory and changed with approval.

A setting spares nobody: a legal hold on anything that it reaches stops a change that would end data sooner.
"""

from orchestrator.retention.vendor.model import VendorPlan, VendorStep
from orchestrator.retention.vendor.usecases import VendorRetention

__all__ = ["VendorPlan", "VendorRetention", "VendorStep"]
