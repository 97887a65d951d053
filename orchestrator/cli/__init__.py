"""The command line `dsr`. It formats and asks; every rule lives in `orchestrator.service`."""

from orchestrator.cli.app import main

__all__ = ["main"]
