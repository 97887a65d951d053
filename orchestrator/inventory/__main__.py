"""`python -m orchestrator.inventory` prints the JSON Schema that editors check an inventory with."""

import sys

from orchestrator.inventory.schema import schema_json

sys.stdout.write(schema_json())
