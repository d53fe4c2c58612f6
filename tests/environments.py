"""Python packages from a list of versions, in a virtual environment of their own in the cache folder. Used by the tests that
need what the system's Python does not have."""
import hashlib
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def environment_of(name):
    """The `bin` folder of the environment with what tests/NAME.txt lists; None where it cannot be made here."""
    wanted = HERE / f"{name}.txt"
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sluice"
    folder = cache / f"{name}-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    done = folder / "installed"
    if not done.exists():
        for command in ([sys.executable, "-m", "venv", "--clear", str(folder)],
                        [str(folder / "bin" / "pip"), "install", "--quiet", "--no-deps", "-r", str(wanted)]):
            if subprocess.run(command, check=False).returncode != 0:
                return None
        done.touch()
    return folder / "bin"
