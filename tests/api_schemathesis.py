"""Schemathesis reads the server's own document and makes up requests, good and bad: no answer may be 5xx, and each has to be
as the document says. In a virtual environment of its own in the cache folder, versions in tests/schemathesis.txt. Used by
tests/api.py."""
import os
import pathlib
import subprocess

from environments import environment_of

HOOKS = pathlib.Path(__file__).resolve().parent / "schemathesis_hooks.py"
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance")
# A stream of events has no end, and a queue that is paused would let nothing of the rest run.
LEFT_OUT = ("streamEvents", "pauseQueue")
PATIENCE_SECONDS = 3600


def check(client, key, options, folder):
    programs = environment_of("schemathesis")
    if programs is None:
        print("schemathesis: SKIPPED, because it could not be installed here")
        client.tally.check("Schemathesis is installed", ["CI=true, and it is not"] if os.environ.get("CI") == "true" else [])
        return
    command = [str(programs / "st"), "run", f"{client.server.url}/openapi.json", "--header", f"Authorization: Bearer {key}",
               "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", str(options.examples),
               "--seed", str(options.seed), "--generation-database", "none", "--workers", "1",
               "--request-timeout", "30", "--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all",
               "--no-color"]
    for operation in LEFT_OUT:
        command += ["--exclude-operation-id", operation]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
                           env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "SCHEMATHESIS_HOOKS": str(HOOKS)})
    lines = ended.stdout.splitlines()
    print("\n".join(lines[-25:]))
    client.tally.check("Schemathesis", ["\n       ".join(lines + ended.stderr.splitlines()[-20:])] if ended.returncode else [])
    answer = client.server.request("GET", "/healthz")
    client.tally.equal("the server lives", answer[0], 200)
