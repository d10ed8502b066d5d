"""README.md from nbs/index.ipynb without Quarto: `python .ci/readme.py` writes it, `--check` compares it."""
import argparse
import os
import posixpath
import re
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import RegexRemovePreprocessor

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")  # to a file of the repository


def readme() -> str:
    "The index notebook as Markdown, without its hidden cells, its links as seen from the repository's root."
    notebook = nbformat.read(ROOT / "nbs" / "index.ipynb", as_version=4)
    notebook.metadata["language_info"] = {"name": "python"}  # for the code fences; nbdev_clean takes it out
    exporter = MarkdownExporter()
    exporter.register_preprocessor(RegexRemovePreprocessor(patterns=[r"#\|\s*hide\b"]), enabled=True)
    text, _ = exporter.from_notebook_node(notebook)
    text = LINK.sub(lambda link: f"]({posixpath.normpath('nbs/' + link[1])})", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return f"<!-- Written from nbs/index.ipynb by .ci/readme.py: change it there. -->\n\n{text}\n"


def complaint(path: Path, text: str) -> str | None:
    "What is wrong with a README, in one line."
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        return "README.md is not current: run `python .ci/readme.py`"
    dead = [target for target in LINK.findall(text) if not (ROOT / target.partition("#")[0]).exists()]
    return f"README.md links to files that do not exist: {', '.join(dead)}" if dead else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where it is not current")
    path, text = ROOT / "README.md", readme()
    if parser.parse_args().check:
        sys.exit(complaint(path, text))
    beside = path.with_name(".README.md.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
