"""README.md from nbs/index.ipynb without Quarto: `python .ci/readme.py` writes it, `--check` compares it."""
import argparse
import os
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import RegexRemovePreprocessor

ROOT = Path(__file__).resolve().parent.parent


def readme() -> str:
    "The index notebook as Markdown, without its hidden cells."
    notebook = nbformat.read(ROOT / "nbs" / "index.ipynb", as_version=4)
    notebook.metadata["language_info"] = {"name": "python"}  # for the code fences; nbdev_clean takes it out
    exporter = MarkdownExporter()
    exporter.register_preprocessor(RegexRemovePreprocessor(patterns=[r"#\|\s*hide\b"]), enabled=True)
    text, _ = exporter.from_notebook_node(notebook)
    mark = "<!-- Written from nbs/index.ipynb by .ci/readme.py: change it there. -->\n\n"
    return mark + text.strip() + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where it differs")
    path, text = ROOT / "README.md", readme()
    if parser.parse_args().check:
        current = path.exists() and path.read_text(encoding="utf-8") == text
        sys.exit(0 if current else "README.md is not current: run `python .ci/readme.py`")
    beside = path.with_name(".README.md.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
