"""PostgreSQL servers of a test's own, on loopback: with TLS, with passwords, with a standby, with PgBouncer before them.
Used by tests/connections_postgres.py. (One plain server for a whole command: tools/with_postgres.sh.)
"""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
from free_port import free_port  # noqa: E402

OWNER = "sluice"          # the superuser, let in without a password
WAIT_SECONDS = 60


class ServerError(Exception):
    """A server did not do what the test needs of it."""


def programs():
    """The newest installed server's folder of programs."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if not found:
        raise ServerError("PostgreSQL's server is not installed (apt-get install postgresql)")
    return found[-1].parent


def unprivileged():
    """What goes before a command, since neither PostgreSQL nor PgBouncer runs as root."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]


def own_folder(path):
    path.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        shutil.chown(path, "postgres", "postgres")
    return path


def own_file(path, text, mode=0o600):
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    if os.getuid() == 0:
        shutil.chown(path, "postgres", "postgres")
    return path


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=WAIT_SECONDS, check=False, **options)
    if done.returncode != 0:
        raise ServerError(f"{' '.join(map(str, command))}: {done.stdout.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def wait_until(true, what):
    """Asks again and again; for what nobody tells us by itself."""
    end = time.monotonic() + WAIT_SECONDS
    while not true():
        if time.monotonic() > end:
            raise ServerError(f"waited {WAIT_SECONDS} s in vain for: {what}")
        time.sleep(0.02)


class Server:
    """A server, from initdb or (with `primary`) as a streaming standby of another."""

    def __init__(self, folder, settings=(), hba=(), primary=None):
        self.folder = own_folder(pathlib.Path(folder))
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.port = free_port()
        if primary:
            run([*unprivileged(), programs() / "pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                 "-d", f"host=127.0.0.1 port={primary.port} user={OWNER} application_name=standby"], cwd="/")
        else:
            run([*unprivileged(), programs() / "initdb", "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync"], cwd="/")
            rules = [f"host all,replication {OWNER} 127.0.0.1/32 trust", *hba]
            own_file(self.data / "pg_hba.conf", "".join(rule + "\n" for rule in rules))
        config = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **dict(settings), "port": self.port}
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in config.items())
        self.start()

    def control(self, *arguments):
        return run([*unprivileged(), programs() / "pg_ctl", "-D", self.data, "-l", self.log, "-w", *arguments], cwd="/")

    def start(self):
        self.control("start")

    def stop(self, mode="immediate"):
        self.control("-m", mode, "stop")

    def promote(self):
        self.control("promote")

    def running(self):
        return (self.data / "postmaster.pid").exists()

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def url(self, database="postgres", user=OWNER, settings=""):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}" + (f"?{settings}" if settings else "")

    def sql(self, text, database="postgres"):
        """Rows as lists of texts; several statements: the rows of all."""
        out = run(["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", text])
        return [line.split("\t") for line in out.splitlines()]

    def value(self, text, database="postgres"):
        return self.sql(text, database)[0][0]

    def database(self, name, owner=OWNER):
        self.sql(f'CREATE DATABASE "{name}" OWNER "{owner}"')
        return name

    def session(self, database="postgres", user=OWNER, password=""):
        return Session(self.url(database, user), password)


class Session:
    """A session that stays open, to hold a lock or a place."""

    def __init__(self, url, password=""):
        environment = dict(os.environ, PGPASSWORD=password) if password else None
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)

    def do(self, statement):
        """Returns when it is done."""
        self.process.stdin.write(statement + ";\n\\echo done\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().strip()
        while line and line != "done":
            line = self.process.stdout.readline().strip()
        if line != "done":
            raise ServerError(f"{statement}: the session has ended")

    def end(self):
        self.process.stdin.close()
        self.process.wait(WAIT_SECONDS)
        self.process.stdout.close()


class PgBouncer:
    """Before one server; every user of `users` (name → password) may come."""

    def __init__(self, folder, server, users, **settings):
        self.folder, self.port = own_folder(pathlib.Path(folder)), free_port()
        self.process = None
        own_file(self.folder / "users.txt", "".join(f'"{name}" "{word}"\n' for name, word in users.items()))
        config = {"listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "scram-sha-256",
                  "auth_file": self.folder / "users.txt", "pool_mode": "transaction", "logfile": self.folder / "log",
                  "pidfile": self.folder / "pid", **settings}
        own_file(self.folder / "pgbouncer.ini", f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\n" +
                 "".join(f"{name} = {value}\n" for name, value in config.items()))
        self.start()

    def start(self):
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise ServerError("PgBouncer is not installed (apt-get install pgbouncer)")
        self.process = subprocess.Popen([*unprivileged(), program, "-q", self.folder / "pgbouncer.ini"], cwd="/",
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, "PgBouncer to listen")

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait(WAIT_SECONDS)
            self.process = None


class Certificates:
    """An authority, a certificate of it for the name `localhost`, and another authority that signed nothing."""

    def __init__(self, folder):
        self.folder = own_folder(pathlib.Path(folder))
        self.root, self.other = self.authority("root"), self.authority("other")
        self.certificate, self.key = self.folder / "server.crt", self.folder / "server.key"
        names = self.folder / "names"
        names.write_text("subjectAltName=DNS:localhost\n", encoding="utf-8")
        request = self.folder / "server.csr"
        run(["openssl", "req", "-new", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost", "-keyout", self.key, "-out",
             request])
        run(["openssl", "x509", "-req", "-in", request, "-CA", self.root, "-CAkey", self.folder / "root.key",
             "-CAcreateserial", "-days", "30", "-extfile", names, "-out", self.certificate])
        own_file(self.key, self.key.read_text(encoding="utf-8"))

    def authority(self, name):
        certificate = self.folder / f"{name}.crt"
        run(["openssl", "req", "-x509", "-new", "-nodes", "-newkey", "rsa:2048", "-days", "30", "-subj", f"/CN={name}", "-keyout",
             self.folder / f"{name}.key", "-out", certificate])
        return certificate
