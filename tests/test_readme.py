"""What the READMEs show: their links lead somewhere, their scripts are there, and the notebook's lines play a game."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agents/*", "checkpoints/released/*", "rlab/representation", "rlab/tuning")
READMES = sorted([ROOT / "README.md", *(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/README.md"))])

each_readme = pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))


@each_readme
def test_links_lead_somewhere(readme):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text())
    assert [link for link in links if not (readme.parent / link).exists()] == []


@each_readme
def test_what_is_called_is_there(readme):
    called = re.findall(r"(?:scripts|checkpoints/released)/[\w./-]+\w", readme.read_text())
    assert called
    assert [path for path in called if not (ROOT / path).exists()] == []


def test_every_agent_is_in_the_table_and_has_a_readme():
    folders = {path.parent.name for path in ROOT.glob("agents/*/__init__.py")}
    assert {path.parent.name for path in ROOT.glob("agents/*/README.md")} == folders
    assert set(re.findall(r"\]\(agents/(\w+)/README\.md\)", (ROOT / "README.md").read_text())) == folders


def test_the_lines_for_a_notebook_play_a_game():
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    done = subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\d+\.0 points in \d+ steps\n", done.stdout)
