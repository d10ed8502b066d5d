"Packaging: everything is read from settings.ini, the one place that names versions, dependencies and files that travel."
import os
import shutil
from configparser import ConfigParser
from pathlib import Path

from setuptools import Distribution, find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

parser = ConfigParser(delimiters=["="])
parser.read("settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]


def needs(key: str) -> list[str]:
    "The requirement strings of one settings.ini entry."
    return settings.get(key, "").split()


def found(key: str) -> list[Path]:
    "The files of one settings.ini entry, which holds patterns."
    paths = {path for pattern in needs(key) for path in Path().glob(pattern) if path.is_file()}
    return sorted(path for path in paths if ".ipynb_checkpoints" not in path.parts)


def copy(paths: list[Path], folder: Path) -> None:
    "Copies files of the project into a folder, under the paths that they have here."
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path)


class WithFiles(Distribution):
    "A distribution whose data files are also installed by `pip install -e`, where setuptools forgets them."
    has_data = Distribution.has_data_files


class WithProject(build_py):
    "The packages and, for `ddcat.config.resource`, copies of what they read; an installation in place reads the checkout."
    def run(self):
        super().run()
        if not self.editable_mode:
            project = Path(self.build_lib, "ddcat", "project")
            shutil.rmtree(project, ignore_errors=True)  # of an earlier build
            copy(found("carried"), project)


class WithSources(sdist):
    "Everything that a checkout has, but for what is published."
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        copy(found("carried") + found("sources"), Path(base_dir))


in_place = needs("study_requirements") if "DDCAT_IN_PLACE" in os.environ else []  # set by .ci/build_backend.py
setup(
    distclass=WithFiles, data_files=[("etc/jupyter/jupyter_server_config.d", ["ddcat/explore/ddcat.json"])],
    cmdclass={"build_py": WithProject, "sdist": WithSources},
    name=settings["lib_name"], version=settings["version"], description=settings["description"],
    long_description=Path("README.md").read_text(encoding="utf-8"), long_description_content_type="text/markdown",
    author=settings["author"], license="Apache-2.0", url=settings["git_url"],
    packages=find_packages(include=["ddcat*"]), package_data={"ddcat.explore": ["*.js"], "ddcat.study": ["shipped_networks/*"]},
    python_requires=f">={settings['min_python']}",
    install_requires=needs("requirements") + in_place,
    extras_require={"study": needs("study_requirements"), "pretrained": needs("pretrained_requirements"),
                    "dev": needs("study_requirements") + needs("pretrained_requirements") + needs("dev_requirements")},
    entry_points={"console_scripts": needs("console_scripts")}, zip_safe=False,
)
