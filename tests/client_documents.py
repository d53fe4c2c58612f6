"""What docs/service.md shows of clients is run as it stands there. Checks of tests/clients.py. (Its shell commands are run
by tests/run_cases.py, its form by client_browser.py.)"""
import os
import subprocess

from client_browser import documented
from client_world import RUN_SECONDS, make_file
from stored import demand

ADDRESS = "http://127.0.0.1:8080"


def documented_tus_client(world):
    with world.place("documented-tus") as place:
        file = make_file(5000, 200)
        place.pipeline("people")
        place.write("people.csv", file.data)
        script = place.folder / "send.mjs"
        block = documented("js", "tus-js-client")
        demand(ADDRESS in block, "the block does not name the server's standard address")
        script.write_text(block.replace(ADDRESS, place.server.url), encoding="utf-8")
        (place.folder / "node_modules").symlink_to(world.node_modules())
        ran = subprocess.run(["node", "send.mjs"], cwd=place.folder, capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
                             env={"PATH": os.environ["PATH"], "HOME": str(place.folder)})
        demand(ran.returncode == 0, f"it ended with status {ran.returncode}: {ran.stderr}")
        place.check_loaded(ran.stdout.split()[-1], file, "people")
        demand((place.folder / "uploads.json").exists(), "what it could go on with is not remembered")


CHECKS = [documented_tus_client]
