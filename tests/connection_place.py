"""What the checks of tests/connections_postgres.py share: a server with roles, and a folder with an input for each check."""
import dataclasses
import json
import os
import subprocess

import people
from load import outputs_of
from postgres_server import Certificates, Server
from stored import demand

SECRET = "Zq7-open~sesame"       # must never be shown
RUN_SECONDS = 120
# `app` has a password, `limited` one connection, `capped` time-outs of its own, `outsider` no line in pg_hba.conf.
ROLES = f"""CREATE ROLE app LOGIN PASSWORD '{SECRET}'; CREATE ROLE outsider LOGIN; CREATE ROLE secure LOGIN PASSWORD '{SECRET}';
CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET statement_timeout = '1s';
CREATE ROLE brief LOGIN; ALTER ROLE brief SET lock_timeout = '1s'; CREATE ROLE patient LOGIN;"""
HBA = ["hostssl all secure 127.0.0.1/32 scram-sha-256", "host all hasty,brief,patient,sluice_owner,sluice_writer,sluice_reader 127.0.0.1/32 trust",
       "host all app 127.0.0.1/32 scram-sha-256"]


@dataclasses.dataclass
class Ended:
    status: int
    out: str
    err: str

    def result(self):
        demand(self.status == 0, f"exit status {self.status}: {self.err.strip()}")
        return json.loads(self.out)

    def expect(self, status, *parts):
        """That it ended so, saying all of the parts, and the password nowhere."""
        demand(self.status == status, f"exit status {self.status}, not {status}: {self.out}{self.err}")
        for part in parts:
            demand(part in self.err, f"{part!r} is not in: {self.err.strip()}")
        return self


class Place:
    """One check's folder, input and runs."""

    def __init__(self, world, name, rows=2000):
        self.world, self.folder = world, world.folder / name
        self.folder.mkdir()
        made = people.make_people(rows, seed=len(name))
        (self.folder / "people.csv").write_bytes(people.to_csv(made))
        (self.folder / "people.yaml").write_text(people.PIPELINE + people.IDENTITIES["content"], encoding="utf-8")
        self.expected = people.expect(made)

    def start(self, to, *options, environment=None, file="people.csv"):
        command = [self.world.binary, "run", file, "-p", "people.yaml", *options] + (["--to", to] if to else [])
        return subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True,
                                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **(environment or {})})

    @staticmethod
    def finish(process):
        out, err = outputs_of(process, RUN_SECONDS)
        demand(SECRET not in out + err, "the password is shown")
        return Ended(process.returncode, out, err)

    def run(self, to, *options, **more):
        return self.finish(self.start(to, *options, **more))

    def load(self, to, **more):
        return self.run(to, "--json", "--quiet", **more).result()

    def check_rows(self, server, database):
        """Every row once, and no other; gives the hashes."""
        hashes = [row[0] for row in server.sql("SELECT encode(content_hash, 'hex') FROM ingested_data", database)]
        wanted = {people.sha256(text).hex() for text in self.expected.texts.values()}
        demand(set(hashes) == wanted, f"{len(wanted - set(hashes))} rows are not stored, {len(set(hashes) - wanted)} should not be")
        demand(len(hashes) == len(wanted), "rows are stored twice")
        return wanted

    def check_stored(self, server, database, jobs=1):
        """Every row once, every reject and counter of every job as the oracle says."""
        expected = self.expected
        wanted = self.check_rows(server, database)
        found = server.sql("SELECT status, rows_read, rows_inserted + rows_duplicate, rows_rejected, (SELECT count(DISTINCT row_number) "
                           "FROM validation_errors WHERE job_id = j.id) FROM ingestion_jobs j", database)
        rejects = str(len(expected.rejects))
        one = ["COMPLETED", str(expected.read), str(expected.read - len(expected.rejects)), rejects, rejects]
        demand(found == [one] * jobs, f"the jobs are {found}, each should be {one}")
        inserted = int(server.value("SELECT sum(rows_inserted) FROM ingestion_jobs", database))
        demand(inserted == len(wanted), f"{inserted} rows were counted as inserted, {len(wanted)} are stored")


class World:
    """What the checks share: the program, a folder, one server."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.server = Server(folder / "server", {"fsync": "off", "max_connections": 60}, HBA)
        self.server.sql(ROLES)
        self.certificates = Certificates(folder / "certificates")

    def end(self):
        self.server.stop()
