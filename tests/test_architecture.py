"""What holds for the whole tree; who may import whom is in pyproject.toml, see lint-imports."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from setuptools import find_packages

import agents
import envs
import rlab

ROOT = Path(__file__).parent.parent
PACKAGES = (rlab, agents, envs)
SOURCES = sorted(path for name in ("rlab", "agents", "envs", "scripts") for path in (ROOT / name).rglob("*.py"))
LONGEST = 270  # lines
RUNS_CODE = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}  # when it loads a file
NEEDS_TENSORFLOW = ("rlab.devices", "rlab.nets", "rlab.ops", "rlab.representation", "rlab.export")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_the_packages_with_common_names_are_those_of_this_repository(package):
    assert Path(package.__file__) == ROOT / package.__name__ / "__init__.py"


def test_every_package_is_distributed():
    """And nothing else: not the tests, and not the scripts."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    there = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in SOURCES
        if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] != "scripts"
    }
    assert set(find_packages(str(ROOT), include=settings["include"])) == there


def test_every_folder_with_sources_is_a_package():
    folders = {path.parent for path in SOURCES if path.relative_to(ROOT).parts[0] != "scripts"}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_every_file_can_be_read_in_one_sitting():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_every_file_says_what_it_is():
    assert [str(path) for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def unsafe(tree):
    """What in a module could run code from a file that is loaded, or from a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        yield from (name for name in names if name.split(".")[0] in RUNS_CODE)
        if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "safe_mode"):
            safe = node.arg == "safe_mode"
            if not (isinstance(node.value, ast.Constant) and node.value.value is safe):
                yield node.arg
        if isinstance(node, ast.Name) and node.id in ("eval", "exec", "compile", "__import__"):
            yield node.id
        if isinstance(node, ast.Attribute) and node.attr == "enable_unsafe_deserialization":
            yield node.attr


def test_no_file_loads_what_could_run_code():
    found = {str(path.relative_to(ROOT)): list(unsafe(ast.parse(path.read_text()))) for path in SOURCES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import os, shelve",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=trusted)",
        "load_model(path, safe_mode=False)",
        "eval('1')",
        "exec(text)",
        "keras.config.enable_unsafe_deserialization()",
    ],
)
def test_what_could_run_code_is_found(line):
    assert list(unsafe(ast.parse(line)))


@pytest.mark.parametrize("line", ["np.load(path, allow_pickle=False)", "load_model(path, safe_mode=True)", "a.eval()"])
def test_what_could_not_is_let_pass(line):
    assert list(unsafe(ast.parse(line))) == []


def test_all_but_networks_can_be_imported_without_tensorflow():
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES]
    light = [
        name.removesuffix(".__init__")
        for name in names
        if name.startswith(("rlab", "envs")) and not name.startswith(NEEDS_TENSORFLOW)
    ]
    assert len(light) > 20
    code = f"""
import importlib, sys
for name in {light}:
    importlib.import_module(name)
    assert "tensorflow" not in sys.modules and "keras" not in sys.modules, name
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
