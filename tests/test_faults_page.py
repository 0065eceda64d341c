"""The page on faults: every test that it names exists."""

import ast
import pathlib
import re

TESTS = pathlib.Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"


def test_every_fault_names_tests_that_exist():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith("| fault")]
    assert len(rows) > 50
    for row in rows:
        references = re.findall(r"`tests/(test_\w+\.py)(?:::(test_\w+))?`", row)
        assert references, row
        for file, name in references:
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert not name or name in functions, f"{file} has no {name}"
