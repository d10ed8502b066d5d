"""The build backend: setuptools'. An installation in place (`pip install -e .`) also needs what the notebooks need.

A wheel is for people who compute, and asks for the core alone. A checkout is for people who open its notebooks. PEP 660 gives the
two their own hooks, so that an installation in place may ask for more."""
import os
from functools import wraps

from setuptools import build_meta

__all__ = ["build_sdist", "build_wheel", "build_editable", "prepare_metadata_for_build_wheel",
           "prepare_metadata_for_build_editable", "get_requires_for_build_sdist", "get_requires_for_build_wheel",
           "get_requires_for_build_editable"]


def in_place(hook):
    "A hook of setuptools, told that the installation is in place."
    @wraps(hook)
    def run(*arguments, **options):
        os.environ["DDCAT_IN_PLACE"] = "1"  # setup.py reads it
        try:
            return hook(*arguments, **options)
        finally:
            del os.environ["DDCAT_IN_PLACE"]
    return run


build_sdist, build_wheel = build_meta.build_sdist, build_meta.build_wheel
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
build_editable = in_place(build_meta.build_editable)
prepare_metadata_for_build_editable = in_place(build_meta.prepare_metadata_for_build_editable)
get_requires_for_build_editable = in_place(build_meta.get_requires_for_build_editable)
