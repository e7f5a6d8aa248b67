"""Ships the content with the package: problems/ and assets/ of the top go into the wheel, as tutor/_shipped."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TOP = Path(__file__).resolve().parent


class BuildWithContent(build_py):
    """The usual build, and the content beside it; an editable installation finds the content where it is."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for name in ("problems", "assets"):
            target = Path(self.build_lib) / "tutor" / "_shipped" / name
            shutil.rmtree(target, ignore_errors=True)
            if (TOP / name).is_dir():
                shutil.copytree(TOP / name, target, ignore=shutil.ignore_patterns("__pycache__"))


setup(cmdclass={"build_py": BuildWithContent})
