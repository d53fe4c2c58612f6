"""One run of the program over a file of made-up people: the input, the command, its end. Used by tests/crash.py and
tests/faults_postgres.py."""
import gzip
import json
import os
import shutil
import signal
import subprocess

import people
from stored import Wrong, demand

FORMATS = ["csv", "ndjson", "csv.gz", "xlsx", "stdin"] + (["csv.zst"] if shutil.which("zstd") else [])
STANDARD_INPUT = "standard input"   # as a job calls it
PATIENCE_SECONDS = 120


def packed(data, kind):
    if kind.endswith(".gz"):
        return gzip.compress(data, 1)
    if kind.endswith(".zst"):
        return subprocess.run(["zstd", "-1", "-c", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


class Load:
    def __init__(self, binary, folder, name, kind, made, pipeline, batch_rows, threads):
        self.binary, self.folder, self.batch_rows, self.threads = binary, folder, batch_rows, threads
        write = {"ndjson": people.to_ndjson, "xlsx": people.to_xlsx}.get(kind, people.to_csv)
        data = write(made)
        self.stdin = kind == "stdin"
        self.input = folder / f"{name}.{'csv' if self.stdin else kind}"
        self.name = STANDARD_INPUT if self.stdin else self.input.name
        self.input.write_bytes(packed(data, kind))
        self.pipeline = folder / "people.yaml"
        self.pipeline.write_text(pipeline, encoding="utf-8")
        self.expected = people.expect(made)

    def start(self, url):
        command = [self.binary, "run", "-" if self.stdin else str(self.input), "-p", str(self.pipeline), "--to", url, "--json",
                   "--quiet", "--batch-rows", str(self.batch_rows), "--threads", str(self.threads)]
        with open(self.input if self.stdin else os.devnull, "rb") as given:
            return subprocess.Popen(command, cwd=self.folder, stdin=given, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                                                                 "LC_ALL": "C.UTF-8", "TZ": "UTC"})

    def describe(self):
        return f"{self.expected.read} rows, batches of {self.batch_rows}, {self.threads} threads"


def outputs_of(process, patience):
    """What it wrote until its end, which is waited for: (standard output, standard error)."""
    try:
        return process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Wrong(f"the run did not end within {patience} s") from None


def end_of(process, patience=PATIENCE_SECONDS):
    """(exit status, the result or None, what it says on standard error)"""
    out, err = outputs_of(process, patience)
    return process.returncode, json.loads(out) if process.returncode == 0 else None, err.decode(errors="replace").strip()


def finish(process):
    status, result, error = end_of(process)
    demand(status == 0, f"exit status {status}: {error}")
    return result


def stop(process, how):
    """False where the run had ended by itself before."""
    if process.poll() is not None:
        return False
    process.send_signal(how)
    if how == signal.SIGINT:
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Wrong("Ctrl-C did not end the run") from None
        if process.returncode == 0:
            return False
        error = process.stderr.read().decode(errors="replace")
        # In its first milliseconds, while libraries are loaded, nothing of the program's catches the signal yet.
        before_main = process.returncode == -signal.SIGINT and not error
        demand(process.returncode in (1, 130) or before_main, f"Ctrl-C ended the run with status {process.returncode}: {error.strip()}")
    process.communicate()
    return True
