"Packaging: everything is read from settings.ini, the one place that names versions and dependencies."
from configparser import ConfigParser
from pathlib import Path

from setuptools import Distribution, find_packages, setup

parser = ConfigParser(delimiters=["="])
parser.read("settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]


def needs(key: str) -> list[str]:
    "The requirement strings of one settings.ini entry."
    return settings.get(key, "").split()


class WithFiles(Distribution):
    "A distribution whose data files are also installed by `pip install -e`, where setuptools forgets them."
    has_data = Distribution.has_data_files


setup(
    distclass=WithFiles, data_files=[("etc/jupyter/jupyter_server_config.d", ["ddcat/explore/ddcat.json"])],
    name=settings["lib_name"], version=settings["version"], description=settings["description"],
    long_description=Path("README.md").read_text(encoding="utf-8"), long_description_content_type="text/markdown",
    author=settings["author"], license="Apache-2.0", url=settings["git_url"],
    packages=find_packages(include=["ddcat*"]), package_data={"ddcat.explore": ["*.js"], "ddcat.study": ["shipped_networks/*"]},
    python_requires=f">={settings['min_python']}",
    install_requires=needs("requirements") + needs("notebook_requirements"),
    extras_require={"dev": needs("dev_requirements") + needs("pretrained_requirements"),
                    "pretrained": needs("pretrained_requirements")},
    entry_points={"console_scripts": needs("console_scripts")}, zip_safe=False,
)
