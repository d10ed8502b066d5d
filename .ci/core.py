"""Links to the packages that an installed ddcat requires, and to no other: `python core.py ITS_SITE_PACKAGES FOLDER`.

What stands in the folder is what `pip install ddcat` would have brought: no Jupyter, unless a requirement brings it."""
import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def required(requirement: Requirement, found: dict) -> dict:
    "All distributions that a requirement needs and that are installed here, by name."
    name = re.sub(r"[-_.]+", "-", requirement.name).lower()
    if (key := (name, *sorted(requirement.extras))) in found:
        return found
    try:
        found[key] = metadata.distribution(requirement.name)
    except metadata.PackageNotFoundError:  # of another system
        return found
    for inner in map(Requirement, found[key].requires or []):
        if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
            required(inner, found)
    return found


site, folder = map(Path, sys.argv[1:])
wheel, = metadata.distributions(name="ddcat", path=[str(site)])
found = {}
for line in wheel.requires:
    requirement = Requirement(line)
    if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
        required(requirement, found)
folder.mkdir()
for distribution in found.values():
    for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
        if not (folder / top).exists():
            (folder / top).symlink_to(distribution.locate_file(top))
print(f"{len({key[0] for key in found})} distributions: {', '.join(sorted({key[0] for key in found}))}")
