"""README.md from nbs/index.ipynb without Quarto: `python .ci/readme.py` writes it, `--check` compares it."""
import argparse
import os
import posixpath
import re
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import RegexRemovePreprocessor, TagRemovePreprocessor

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")  # to a file of the repository


def readme() -> tuple[str, dict[Path, bytes]]:
    "The index notebook as Markdown, without its hidden cells, its links as seen from the repository's root; and its pictures."
    notebook = nbformat.read(ROOT / "nbs" / "index.ipynb", as_version=4)
    notebook.metadata["language_info"] = {"name": "python"}  # for the code fences; nbdev_clean takes it out
    exporter = MarkdownExporter()
    exporter.register_preprocessor(RegexRemovePreprocessor(patterns=[r"#\|\s*hide\b"]), enabled=True)
    exporter.register_preprocessor(TagRemovePreprocessor(remove_input_tags={"hide-input"}), enabled=True)
    text, made = exporter.from_notebook_node(notebook, {"output_files_dir": "images", "unique_key": "index"})
    text = LINK.sub(lambda link: f"]({posixpath.normpath('nbs/' + link[1])})", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip().replace("![png]", "![what the code above shows]")
    pictures = {ROOT / "nbs" / name: picture for name, picture in made["outputs"].items()}
    for name in re.findall(r"\]\(nbs/images/((?!index_)\w+\.png)\)", text):  # copies: JupyterLab serves nothing outside nbs/
        pictures[ROOT / "nbs" / "images" / name] = (ROOT / "outputs" / "published" / name).read_bytes()
    return f"<!-- Written from nbs/index.ipynb by .ci/readme.py: change it there. -->\n\n{text}\n", pictures


def complaint(path: Path, text: str, pictures: dict[Path, bytes]) -> str | None:
    "What is wrong with a README, in one line."
    files = {path: text.encode(), **pictures}
    if any(not file.exists() or file.read_bytes() != content for file, content in files.items()):
        return "README.md is not current: run `python .ci/readme.py`"
    dead = [target for target in LINK.findall(text) if not (ROOT / target.partition("#")[0]).exists()]
    return f"README.md links to files that do not exist: {', '.join(dead)}" if dead else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where it is not current")
    path, (text, pictures) = ROOT / "README.md", readme()
    if parser.parse_args().check:
        sys.exit(complaint(path, text, pictures))
    for old in (ROOT / "nbs" / "images").glob("index_*.png"):
        old.unlink()
    for file, content in {path: text.encode(), **pictures}.items():
        file.parent.mkdir(exist_ok=True)
        beside = file.with_name(f".{file.name}.new")
        beside.write_bytes(content)
        os.replace(beside, file)
