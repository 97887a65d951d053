"""`python -m orchestrator.cli` is `dsr`."""

from orchestrator.cli import main

main()
