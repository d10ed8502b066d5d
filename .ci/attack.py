"""One attack by an installed ddcat, without the packages of the study: `python attack.py ENVIRONMENT` of that environment.

Leaves images, masks and a network here, for `ddcat attack`."""
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

import ddcat
from ddcat.attacks import bim
from ddcat.study.shipped import shipped_network, shipped_scenes

place, environment = Path(ddcat.__file__).resolve(), Path(sys.argv[1]).resolve()
assert place.is_relative_to(environment), f"{place} is not of the wheel in {environment}"
STUDY = ("IPython", "jupyterlab", "papermill", "ipywidgets", "anywidget", "plotly")
there = [name for name in STUDY if find_spec(name)]
assert not there, f"the core brings {', '.join(there)}"
(images, labels), network = shipped_scenes(2), shipped_network("none")
attacked = bim(network, images, labels, eps=0.03, alpha=0.01, steps=6)
before, after = ((network(x).argmax(1) == labels).float().mean().item() for x in (images, attacked))
assert after < before - 0.2 and (attacked - images).abs().max() <= 0.03 + 1e-6, (before, after)
print(f"{place}: pixels right {before:.2f}, under BIM {after:.2f}")

for number, pair in enumerate(zip((255 * images).round().byte().permute(0, 2, 3, 1).numpy(), labels.numpy(), strict=True)):
    for kind, pixels in zip(("images", "masks"), pair, strict=True):
        Path(kind).mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(Path(kind, f"{number}.png"))
Path("mine.py").write_text("""from ddcat.study.shipped import shipped_network


def network():
    return shipped_network("sat")
""")
