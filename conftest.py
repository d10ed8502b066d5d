"""Notebooks are the tests: `pytest`, `pytest nbs/data/01_scenes.ipynb`, `pytest -k scenes`.

A notebook without a cell tagged `parameters` is run through nbdev, in this process. One with such a cell is
part of the study: papermill runs it, in the smoke profile. All smoke runs share one temporary outputs folder.
"""
import ast
import atexit
import contextlib
import functools
import gc
import io
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent
NBS = ROOT / "nbs"
STUDY = re.compile(r"(table|figure).*|claims|stronger_attacks|why_ddcat_helps|attack_your_model|defend_your_model|arnab/.*")
PARAMETERS = 8  # at most: further settings belong in a profile
collect_ignore = ["outputs", "data"]


@functools.cache
def scratch() -> Path:
    "A folder for what tests write, removed when pytest ends."
    folder = tempfile.TemporaryDirectory(prefix="ddcat-tests-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def pytest_addoption(parser):
    parser.addoption("--gpu", action="store_true", help="show the GPU to the tests, which then also run what needs one")


def pytest_configure(config):
    "Before anything imports torch: no GPU without --gpu, two threads, the repository importable, no user's Jupyter files."
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    if not config.getoption("--gpu"):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.update(OMP_NUM_THREADS="2", OMP_WAIT_POLICY="PASSIVE",  # or a busy machine crawls
                      PYTHONPATH=os.pathsep.join(path), JUPYTER_PREFER_ENV_PATH="1", JUPYTER_CONFIG_DIR=str(scratch() / "jupyter"),
                      JUPYTER_RUNTIME_DIR=str(scratch() / "runtime"), IPYTHONDIR=str(scratch() / "ipython"))


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".ipynb" and NBS in file_path.resolve().parents and file_path.name[0] not in "_.":
        return NotebookFile.from_parent(parent, path=file_path)
    return None


class NotebookFile(pytest.File):
    "A notebook: its form is one item, a run of its cells another."

    def collect(self):
        try:
            notebook = nbformat.reader.reads(self.path.read_text(encoding="utf-8"))
        except nbformat.reader.NotJSONError:
            raise self.CollectError(f"{self.path.name} is not a notebook: its JSON is broken") from None
        yield Form.from_parent(self, name="form", notebook=notebook)
        kind, name = (Papermill, "smoke") if parameter_cells(notebook) else (Nbdev, "cells")
        yield kind.from_parent(self, name=name, notebook=notebook)


class NotebookError(Exception):
    "What a notebook did wrong, as a text that needs no traceback of ours."


class Item(pytest.Item):
    def __init__(self, *, notebook, **kwargs):
        super().__init__(**kwargs)
        self.notebook = notebook

    def repr_failure(self, excinfo, style=None):
        expected = excinfo.errisinstance(NotebookError)
        return str(excinfo.value) if expected else super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, f"{self.path.name} {self.name}"


class Form(Item):
    "Unique cell ids, and exactly one usable parameters cell in a notebook of the study."

    def runtest(self):
        ids = [cell.get("id") for cell in self.notebook["cells"]]
        if None in ids or len(set(ids)) < len(ids):
            raise NotebookError("every cell needs an id of its own")
        found = parameter_cells(self.notebook)
        name = self.path.resolve().relative_to(NBS).with_suffix("").as_posix()
        if len(found) != bool(found or STUDY.fullmatch(name)):
            raise NotebookError(f"{name} must have exactly one cell tagged `parameters`, not {len(found)}")
        if found:
            check_parameters(found[0]["source"])


class Nbdev(Item):
    "All cells but those of a skipped flag (tst_flags of settings.ini), one after the other in this process."

    def runtest(self):
        from fastcore.xtras import working_directory
        from nbdev.config import get_config
        from nbdev.test import test_nb
        skipped = {*get_config().tst_flags.split()} - ({"gpu"} if self.config.getoption("--gpu") else set())
        with working_directory(NBS), contextlib.redirect_stderr(io.StringIO()) as error:
            passed, _ = test_nb(self.path.resolve(), skip_flags=list(skipped), basepath=ROOT)
        if widgets := sys.modules.get("ipywidgets"):
            widgets.Widget.close_all()  # or they complain when Python ends
        os.environ.pop("IN_TEST", None)  # nbdev leaves it; with it nbdev_export does nothing
        gc.collect()
        if not passed:
            text = error.getvalue()
            raise KeyboardInterrupt if "\nKeyboardInterrupt" in text else NotebookError(text)


class Papermill(Item):
    "The notebook in a kernel of its own, as a user runs it, but small."

    def runtest(self):
        import papermill
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError
        output = scratch() / "executed" / self.path.resolve().relative_to(NBS)
        for folder in (output.parent, scratch() / "outputs"):
            folder.mkdir(parents=True, exist_ok=True)
        parameters = {"profile": "smoke", "outputs": str(scratch() / "outputs")}
        try:
            papermill.execute_notebook(str(self.path), str(output), parameters, kernel_name="python3",
                                       cwd=str(ROOT), progress_bar=False)
        except (PapermillExecutionError, DeadKernelError) as error:
            raise NotebookError(f"{type(error).__name__} {str(error).strip()}") from None


def parameter_cells(notebook) -> list:
    return [c for c in notebook["cells"] if "parameters" in c.get("metadata", {}).get("tags", [])]


def check_parameters(source: str) -> None:
    "At most eight literals, `profile` and `outputs` among them: papermill ignores a name it does not find."
    values = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            values[ast.unparse(target)] = node.value
    for name, value in values.items():
        try:
            ast.literal_eval(value)
        except ValueError:
            raise NotebookError(f"parameter {name} = {ast.unparse(value)} must be a literal") from None
    if len(values) > PARAMETERS:
        raise NotebookError(f"{len(values)} parameters, at most {PARAMETERS}: {', '.join(values)}")
    if missing := {"profile", "outputs"} - values.keys():
        raise NotebookError(f"the parameters cell lacks {' and '.join(sorted(missing))}")
