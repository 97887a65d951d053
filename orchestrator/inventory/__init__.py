"""The inventory: every system, what it holds, how a person is found there, what is kept and why.

The only place for YAML and pydantic, which are loaded when a file is read and not before.
"""

from orchestrator.inventory.model import Collection, Inventory, Kind, Limits, Policy, StaffMember, System
from orchestrator.inventory.problems import nearest

__all__ = ["Collection", "Inventory", "Kind", "Limits", "Policy", "StaffMember", "System", "nearest"]
