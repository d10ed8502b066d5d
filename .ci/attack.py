"""One attack by an installed ddcat, with the study's packages refused: `python attack.py ENVIRONMENT` of that environment."""
import sys
from pathlib import Path

STUDY = ("IPython", "ipykernel", "jupyterlab", "papermill", "ipywidgets", "anywidget", "plotly", "matplotlib")


class Refuse:
    "An import hook: a package of the study is not there."
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in STUDY:
            raise ModuleNotFoundError(f"{name} is refused", name=name)


sys.meta_path.insert(0, Refuse())
sys.path.pop(0)  # the folder of this file

import torch  # noqa: E402

import ddcat  # noqa: E402
from ddcat.attacks import bim  # noqa: E402
from ddcat.study.shipped import shipped_network, shipped_scenes  # noqa: E402

place, environment = Path(ddcat.__file__).resolve(), Path(sys.argv[1]).resolve()
assert place.is_relative_to(environment), f"{place} is not of the wheel in {environment}"
(images, labels), network = shipped_scenes(2), shipped_network("none")
attacked = bim(network, images, labels, eps=0.03, alpha=0.01, steps=6)
before, after = ((network(x).argmax(1) == labels).float().mean().item() for x in (images, attacked))
assert after < before - 0.2 and (attacked - images).abs().max() <= 0.03 + 1e-6, (before, after)
print(f"{place}: pixels right {before:.2f}, under BIM {after:.2f}; torch {torch.__version__}")
