"""The one place that decides where content, assets, state and caches live."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path | None:
    """The folder of `TUTOR_HOME`, which holds everything when it is set; else None."""
    value = os.environ.get("TUTOR_HOME")
    return Path(value).expanduser() if value else None


def state_folder() -> Path:
    """Progress, drafts, runs: `TUTOR_HOME/state`, else the platform's state folder. Not created here."""
    if (base := home()) is not None:
        return base / "state"
    import platformdirs

    return platformdirs.user_state_path("tutor")


def cache_folder() -> Path:
    """What can be made again: `TUTOR_HOME/cache`, else the platform's cache folder. Not created here."""
    if (base := home()) is not None:
        return base / "cache"
    import platformdirs

    return platformdirs.user_cache_path("tutor")


def config_file() -> Path:
    """The configuration (keys, theme): `TUTOR_HOME/config.toml`, else in the platform's configuration folder."""
    if (base := home()) is not None:
        return base / "config.toml"
    import platformdirs

    return platformdirs.user_config_path("tutor") / "config.toml"


def _shipped(name: str) -> Path:
    """A folder of the repository's top, which a wheel carries inside the package."""
    package = Path(__file__).resolve().parent
    inside = package / "_shipped" / name
    return inside if inside.is_dir() else package.parent / name


def problems_folder() -> Path:
    """The problem sets that come with the program."""
    return _shipped("problems")


def assets_folder() -> Path:
    """The style sheets and data that come with the program."""
    return _shipped("assets")
