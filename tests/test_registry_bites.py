"""A connector without laws, sources, a fake or a row fails the project's own tests, however it is laid out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("connectors", "tests/__init__.py", "tests/test_registry.py", "tests/test_floors.py")
WANTING = {
    "test_the_laws_are_tested",
    "test_the_docstring_names_its_sources",
    "test_the_vendor_has_a_fake_and_the_laws_use_it",
    "test_the_vendor_sdk_is_imported_late",
}
CONNECT = "import stripe\n\n\ndef connect(spec):\n    return stripe\n"
LAYOUTS = {
    "acme": {"acme.py": CONNECT},
    "acme.crm": {"acme/__init__.py": '"""A family."""\n', "acme/crm/__init__.py": CONNECT},
    "acme_package": {
        "acme_package/__init__.py": "from connectors.acme_package.connector import connect\n",
        "acme_package/connector.py": CONNECT,
    },
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_incomplete_connector_is_noticed(name: str, tmp_path: Path) -> None:
    """In a copy of the project with such a connector in it."""
    for part in PARTS:
        copied = tmp_path / part
        copied.parent.mkdir(exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copied)
        else:
            shutil.copy(ROOT / part, copied)
    (tmp_path / "tests" / "connectors").mkdir()
    for path, text in LAYOUTS[name].items():
        written = tmp_path / "connectors" / path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_registry.py", "-rf"]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    failed = re.findall(rf"^FAILED \S+::(\w+)\[{re.escape(name)}\]", ran.stdout, re.MULTILINE)
    assert set(failed) == WANTING, ran.stdout
