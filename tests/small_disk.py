"""A disk that is soon full: a file system in memory of a few MiB, for a tablespace of PostgreSQL's. Mounted where the
user may mount; in a container /dev/shm usually is such a disk already. Used by tests/faults_postgres.py."""
import os
import pathlib
import pwd
import shutil
import subprocess

import stored

SIZE = 96 << 20
SHARED = pathlib.Path("/dev/shm")


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


def available():
    return may_mount() or SHARED.exists() and size_of(SHARED) <= SIZE


def size_of(path):
    status = os.statvfs(path)
    return status.f_blocks * status.f_frsize


class SmallDisk:
    def __init__(self, path):
        self.mounted = may_mount()
        self.path = pathlib.Path(path) if self.mounted else SHARED / f"sluice-{os.getpid()}"
        self.path.mkdir()
        if self.mounted:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.path)], check=True)
        self.filler = self.path / "filler"
        self.tablespace = None

    def make_tablespace(self, name):
        place = self.path / "tablespace"
        place.mkdir()
        for path in [place, *place.parents][:3]:   # the server is another user
            path.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(place, pwd.getpwnam("postgres").pw_uid, -1)
        stored.psql(os.environ["SLUICE_TEST_POSTGRES"], f"CREATE TABLESPACE {name} LOCATION '{place}'")
        self.tablespace = name
        return name

    def fill(self, but):
        """Until so many bytes are free."""
        status = os.statvfs(self.path)
        with self.filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_frsize - but))

    def free(self):
        self.filler.unlink()

    def remove(self):
        if self.tablespace:
            stored.psql(os.environ["SLUICE_TEST_POSTGRES"], f"DROP TABLESPACE {self.tablespace}")
        if self.mounted:
            subprocess.run(["umount", str(self.path)], check=True)
        shutil.rmtree(self.path, ignore_errors=True)
