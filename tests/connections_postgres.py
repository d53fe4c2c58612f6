#!/usr/bin/env python3
"""`sluice run` into PostgreSQL as operators connect it: URL and environment, passwords, TLS, PgBouncer, time-outs, limits, a
failover under way. Starts its servers itself, on loopback; each check looks at the message and at the stored rows.

connections_postgres.py [--bin build/sluice] [--only PART_OF_A_NAME] [--jobs N] [--keep]
Prints what failed, then `N passed, N failed`.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from checks import ROOT, run_checks
from connection_place import HBA, ROLES, RUN_SECONDS, SECRET, Place, World
from pg_proxy import Point, Proxy
from postgres_server import PgBouncer, Server, wait_until
from stored import demand


# ---------------------------------------------------------------- URL, environment, passwords

def environment_and_passwords(world):
    place, server = Place(world, "environment", 300), world.server
    database = server.database("environment", "app")
    variables = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "app", "PGDATABASE": database}
    place.load("postgresql:///", environment={**variables, "PGPASSWORD": SECRET})
    place.check_stored(server, database)
    passwords = place.folder / ".pgpass"
    passwords.write_text(f"127.0.0.1:{server.port}:*:app:{SECRET}\n", encoding="utf-8")
    passwords.chmod(0o600)
    place.load("postgresql://", environment=variables)
    passwords.unlink()
    # In a configuration, from the environment and from a file; the result for people names the store, not the password.
    (place.folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    for number, variable in enumerate(["${STORE_PASSWORD}", "${file:secret}"]):
        url = f"postgres://app:{variable}@127.0.0.1:{server.port}/{database}"
        (place.folder / "sluice.yaml").write_text(f"store: {url}\n", encoding="utf-8")
        ended = place.run("", environment={"STORE_PASSWORD": SECRET}).expect(0)
        demand(f"app:***@127.0.0.1:{server.port}/{database}" in ended.out, f"the store is not named: {ended.out}")
        place.check_stored(server, database, jobs=3 + number)
    for command in ("run", "run", "validate", "infer"):
        done = subprocess.run([world.binary, command, "people.csv"], cwd=place.folder, capture_output=True, text=True, check=True,
                              env={"PATH": os.environ["PATH"], "HOME": str(place.folder)})
        demand(SECRET not in done.stdout + done.stderr, f"{command} shows the password")
    plain = server.url(database, "app") + "?password=" + SECRET
    demand("password=***" in place.run(plain).expect(0).out, "the store is not named")
    dump = subprocess.run(["pg_dump", server.url(database)], capture_output=True, text=True, check=True).stdout
    demand(SECRET not in dump and "COPY public.ingestion_jobs" in dump, "the password is in the store")


def refusals(world):
    place, server = Place(world, "refusals", 20), world.server
    database = server.database("refusals", "app")

    def refused(user, status, *parts, to=None, **environment):
        for options in ([], ["--json"]):
            place.run(to or server.url(database, user), *options, environment=environment).expect(status, *parts)

    refused("app", 2, 'password authentication failed for user "app"', "PGPASSWORD or ~/.pgpass", PGPASSWORD="wrong" + SECRET[::-1])
    refused(f"app:not{SECRET}", 2, "password authentication failed", "Check the user and the password")
    refused("app", 2, "no password supplied", "PGPASSWORD or ~/.pgpass")
    refused("outsider", 2, "no pg_hba.conf entry", "ask its administrator")
    refused("app", 2, 'database "none" does not exist', "createdb", to=server.url("none", "app"), PGPASSWORD=SECRET)
    # What a password must not have in a URL, and libpq would show in its complaint.
    for password in ("/" + SECRET, SECRET + "/x", "@" + SECRET, "%zz" + SECRET, SECRET + "%", SECRET + "@/"):
        refused(f"app:{password}", 2, "percent-encoded", "%40", "PGPASSWORD")
    refused("", 2, "postgresql://user@host:5432/database", to=f"postgresql:/app:{SECRET}@127.0.0.1/x")
    refused("", 2, "postgresql://user@host:5432/database", to=f"postgresql://app:{SECRET}@[127.0.0.1/x")
    refused("", 2, "one of: sqlite:, postgresql:", to=f"mysql://app:{SECRET}@127.0.0.1/x")
    refused("", 1, "cannot be reached", "Connection refused", to=f"postgresql://app:{SECRET}@127.0.0.1:1/x")
    demand(server.sql("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", database) == [], "a refused run made tables")


def documented_roles(world):
    """The statements of docs/postgresql.md give what the page says."""
    place, server = Place(world, "roles", 300), world.server
    page = (ROOT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    section = page[page.index("## Roles and tenants"):page.index("## Behind PgBouncer")]
    make_roles, grant = re.findall(r"```sql\n(.*?)```", section, re.S)
    database = server.database("roles")
    server.sql(make_roles, database)
    subprocess.run([world.binary, "migrate", "--to", server.url(database, "sluice_owner")], check=True, capture_output=True)
    server.sql(grant, database)
    place.load(server.url(database, "sluice_writer"))
    place.check_stored(server, database)
    count, seen = "SELECT count(*) FROM ingested_data", []
    for tenant in ("", "SET sluice.tenant = 'another'; "):
        out = subprocess.run(["psql", "-XAtq", server.url(database, "sluice_reader"), "-c", tenant + count], capture_output=True, text=True,
                             check=True).stdout
        seen.append(out.strip())
    demand(seen == [str(len(set(place.expected.texts.values()))), "0"], f"the reader sees {seen} rows")
    for role, words in (("sluice_reader", "permission denied"), ("patient", "permission denied")):
        place.run(server.url(database, role)).expect(2, words, "docs/postgresql.md, Roles")


def documented_retention(world):
    """The statement of docs/postgresql.md lets go of what is old and of nothing else, and its room is used again."""
    old, server = Place(world, "retention", 3000), world.server
    page = (ROOT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    section = page[page.index("## Letting go of old rows"):page.index("## Partitions")]
    statement, = re.findall(r"```sql\n(.*?)```", section, re.S)
    portion = statement.replace("LIMIT 50000", "LIMIT 1000")
    demand(portion != statement, "the portion's size is not where this test looks for it")
    database = server.database("retention")
    loaded = old.load(server.url(database))["rows"]["inserted"]
    server.sql("UPDATE ingested_data SET updated_at = updated_at - interval '100 days'", database)
    young = Place(world, "retention-young", 500)
    kept = young.load(server.url(database))["rows"]["inserted"]
    server.sql("VACUUM ingested_data", database)
    size = int(server.value("SELECT pg_relation_size('ingested_data')", database))
    portions = 0
    while int(server.value("SELECT count(*) FROM ingested_data", database)) > kept:
        server.sql(portion, database)
        portions += 1
        demand(portions < 10, "the rows do not go")
    demand(portions == -(-loaded // 1000), f"{loaded} rows went in {portions} portions")
    young.check_rows(server, database)
    server.sql("VACUUM ingested_data", database)
    again = old.load(server.url(database))["rows"]["inserted"]
    demand(again == loaded, f"{again} of {loaded} rows that were gone came again")
    now = int(server.value("SELECT pg_relation_size('ingested_data')", database))
    demand(now <= size, f"the table has grown from {size} to {now} bytes")


# ---------------------------------------------------------------- TLS

def tls(world):
    place, server = Place(world, "tls", 300), world.server
    database = server.database("tls", "secure")
    certificates = world.certificates

    def to(host, root, mode="verify-full"):
        return f"postgresql://secure@{host}:{server.port}/{database}?sslmode={mode}&sslrootcert={root}"

    password = {"PGPASSWORD": SECRET}
    place.run(to("localhost", certificates.root), environment=password).expect(
        2, "server does not support SSL", "sslmode")
    server.sql(f"ALTER SYSTEM SET ssl_cert_file = '{certificates.certificate}'")
    server.sql(f"ALTER SYSTEM SET ssl_key_file = '{certificates.key}'")
    server.sql("ALTER SYSTEM SET ssl = on")
    server.control("reload")
    wait_until(lambda: server.value("SHOW ssl") == "on", "the server to take its certificate")
    place.load(to("localhost", certificates.root), environment=password)
    place.check_stored(server, database)
    demand(place.load(f"postgresql://secure@localhost:{server.port}/{database}",
                      environment={**password, "PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(certificates.root)})
           ["rows"]["inserted"] == 0, "rows came in twice")
    place.run(to("localhost", certificates.other), environment=password).expect(2, "certificate verify failed", "sslrootcert")
    place.run(to("127.0.0.1", certificates.root), environment=password).expect(2, "does not match host name", "for its name")
    place.run(to("localhost", "missing.crt"), environment=password).expect(2, "missing.crt", "sslrootcert")
    place.run(to("localhost", certificates.root, "disable"), environment=password).expect(2, "no pg_hba.conf entry", "no encryption")
    place.check_stored(server, database, jobs=2)


# ---------------------------------------------------------------- PgBouncer

def bouncer_at(world, place, **settings):
    return PgBouncer(place.folder / "bouncer", world.server, {"app": SECRET}, **settings)


def through_pgbouncer(world):
    place, server = Place(world, "pgbouncer", 12000), world.server
    database = server.database("pooled", "app")
    bouncer = bouncer_at(world, place)
    try:
        to, password = f"postgresql://app@127.0.0.1:{bouncer.port}/{database}", {"PGPASSWORD": SECRET}
        demand(place.load(to, environment=password)["rows"]["inserted"] == len(set(place.expected.texts.values())), "rows are missing")
        demand(place.load(to, environment=password)["rows"]["inserted"] == 0, "rows came in twice")
        place.check_stored(server, database, jobs=2)
        typed = server.database("pooled_typed", "app")
        place.run(to.replace(database, typed), "--set", "table=people", environment=password).expect(0)
        place.check_stored(server, typed)
        matched = server.value("SELECT count(*) FROM people p JOIN ingested_data d ON d.id = p.sluice_id WHERE p.id IS NOT NULL", typed)
        demand(matched == str(len(set(place.expected.texts.values()))), f"the table has {matched} of the rows")
        place.run(to + "?options=-c%20statement_timeout%3D5s", environment=password).expect(2, "options", "ALTER ROLE")
        place.run(to.replace(database, "none"), environment=password).expect(2, "none", "createdb")
        place.run(to, environment={"PGPASSWORD": "wrong"}).expect(2, "authentication failed", "Check the user and the password")
    finally:
        bouncer.kill()


def a_small_pool(world):
    """A run writes with two sessions at once; with one server connection, or two for four runs, none waits for ever."""
    place, server = Place(world, "small_pool", 12000), world.server
    one, two = server.database("pool_of_one", "app"), server.database("pool_of_two", "app")
    bouncer = bouncer_at(world, place, default_pool_size=1, query_wait_timeout=30)
    try:
        to, password = f"postgresql://app@127.0.0.1:{bouncer.port}/", {"PGPASSWORD": SECRET}
        begin = time.monotonic()
        place.run(to + one, "--batch-rows", "4000", environment=password).expect(0)
        bouncer.kill()
        bouncer = bouncer_at(world, place, default_pool_size=2, query_wait_timeout=30)
        to = f"postgresql://app@127.0.0.1:{bouncer.port}/"
        for number in range(4):
            shutil.copyfile(place.folder / "people.csv", place.folder / f"{number}.csv")
        runs = [place.start(to + two, environment=password, file=f"{number}.csv") for number in range(4)]
        for run in runs:
            place.finish(run).expect(0)
        demand(time.monotonic() - begin < 30, "the runs waited for connections until PgBouncer ended them")
        place.check_stored(server, one)
        place.check_stored(server, two, jobs=4)
    finally:
        bouncer.kill()


def pgbouncer_statement_mode(world):
    place, server = Place(world, "statement_mode", 20), world.server
    database = server.database("statement_mode", "app")
    bouncer = bouncer_at(world, place, pool_mode="statement")
    try:
        to, password = f"postgresql://app@127.0.0.1:{bouncer.port}/{database}", {"PGPASSWORD": SECRET}
        words = ("statement pooling mode", "pool_mode to transaction")
        place.run(to, environment=password).expect(2, *words)
        demand(server.sql("SELECT 1 FROM pg_tables WHERE tablename = 'ingested_data'", database) == [], "the run made tables")
        place.load(server.url(database, "app"), environment=password)
        place.run(to, environment=password).expect(2, *words)
        place.check_stored(server, database)
    finally:
        bouncer.kill()


def pgbouncer_dies_and_comes_back(world):
    place, server = Place(world, "bouncer_dies", 20000), world.server
    database = server.database("bouncer_dies", "app")
    bouncer = bouncer_at(world, place)
    try:
        run = place.start(f"postgresql://app@127.0.0.1:{bouncer.port}/{database}", "--json", "--quiet", "--batch-rows", "200",
                          environment={"PGPASSWORD": SECRET})
        under_way(server, database, run)
        bouncer.kill()
        bouncer.start()
        place.finish(run).result()
        place.check_stored(server, database)
    finally:
        bouncer.kill()


def takeover_through_pgbouncer(world):
    """A run that is stopped in the middle of a commit holds its locks through the pooler; its successor ends that session."""
    place, server = Place(world, "takeover"), world.server
    database = server.database("takeover", "app")
    bouncer = bouncer_at(world, place)
    to, password = f"postgresql://app@127.0.0.1:{bouncer.port}/{database}", {"PGPASSWORD": SECRET}
    place.run(to, "--limit", "1", environment=password).expect(0)
    server.sql("DELETE FROM ingested_data; DELETE FROM ingestion_jobs; DELETE FROM validation_errors", database)
    holder = server.session(database)
    try:
        holder.do("BEGIN; LOCK TABLE ingested_data")
        first = place.start(to, environment=password)
        wait_until(lambda: waiting_for_locks(server, database) == 1, "the first run to wait for the lock")
        first.send_signal(signal.SIGSTOP)
        server.sql("UPDATE ingestion_splits SET lease_until = '-infinity'", database)
        second = place.start(to, "--json", "--quiet", environment=password)
        wait_until(lambda: server.sql("SELECT 1 FROM ingestion_splits WHERE lease_epoch > 1", database), "the takeover")
        holder.do("COMMIT")
        place.finish(second).result()
        first.send_signal(signal.SIGCONT)
        place.finish(first).expect(0)  # somebody else has done its work
        place.check_stored(server, database)
    finally:
        holder.end()
        bouncer.kill()


def a_start_that_stands_still(world):
    """A node is stopped while it makes the tables, under the lock that the others wait for: not for long."""
    place, server = Place(world, "start-stands-still", 300), world.server
    database = server.database("start_stands_still")
    held, stopped = threading.Event(), threading.Event()

    def stand_still(_):
        first.send_signal(signal.SIGSTOP)
        stopped.set()
        held.wait(RUN_SECONDS)

    proxy = Proxy("127.0.0.1", server.port, [Point("commit", 2, 0, stand_still)])
    to = server.url(database, settings="sslmode=disable")   # the proxy reads along
    first = place.start(to.replace(f":{server.port}/", f":{proxy.port}/"))
    try:
        demand(stopped.wait(RUN_SECONDS), "it did not come to making the tables")
        begin = time.monotonic()
        place.load(server.url(database))
        seconds = time.monotonic() - begin
        demand(seconds < 25, f"the second node took {seconds:.0f} s")
        place.check_stored(server, database)
    finally:
        first.kill()
        held.set()
        proxy.close()


def a_commit_whose_answer_is_lost(world):
    """The server waits for a standby that is not there while the pooler dies: the commit comes about after the run has come back,
    which looks, waits, and neither does it again nor counts it twice."""
    place = Place(world, "lost_answer", 30000)
    server = Server(place.folder / "server", {"fsync": "off"}, HBA)
    bouncer = None

    def standbys(names):
        server.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        server.control("reload")

    def commits_waiting():
        return server.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE 'sluice %/1'") != "0"

    try:
        server.sql(ROLES)
        database = server.database("lost", "app")
        bouncer = PgBouncer(place.folder / "bouncer", server, {"app": SECRET})
        run = place.start(f"postgresql://app@127.0.0.1:{bouncer.port}/{database}", "--json", "--quiet", "--batch-rows", "100",
                          environment={"PGPASSWORD": SECRET})
        under_way(server, database, run)
        standbys("nobody")
        wait_until(lambda: commits_waiting() or run.poll() is not None, "a commit to wait for the standby")
        demand(run.poll() is None, "the run ended too soon")
        bouncer.kill()
        bouncer.start()
        wait_until(lambda: waiting_for_locks(server, database) > 0, "the run to come back")
        standbys("")
        place.finish(run).result()
        place.check_stored(server, database)
    finally:
        if bouncer:
            bouncer.kill()
        server.stop()


# ---------------------------------------------------------------- waiting: time-outs, locks, full servers

def waiting_for_locks(server, database):
    return int(server.value(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'"))


def rows_done(server, database):
    if server.sql("SELECT 1 FROM pg_tables WHERE tablename = 'ingestion_splits'", database):
        done = server.value("SELECT coalesce(sum(rows_read), 0) FROM ingestion_splits", database)
        return int(done)
    return 0


def under_way(server, database, run):
    """Returns after the run's first commits; it must not have ended."""
    wait_until(lambda: rows_done(server, database) > 0 or run.poll() is not None, "the first commit")
    demand(run.poll() is None, "the run ended too soon to be disturbed")


def time_outs(world):
    place, server = Place(world, "time_outs", 300), world.server
    for role, settings, parts in (
            ("hasty", "", ("statement timeout", "ALTER ROLE", "statement_timeout")),
            ("patient", "?options=-c%20statement_timeout%3D1s", ("statement timeout", "statement_timeout")),
            ("brief", "", ("lock timeout", "pg_blocking_pids", "run the same command again"))):
        database = server.database(f"time_outs_{role}", role)
        to = server.url(database, role) + settings
        place.run(to, "--limit", "1", "--set", "name=other").expect(0)
        server.sql("DELETE FROM ingested_data; DELETE FROM ingestion_jobs; DELETE FROM validation_errors", database)
        holder = server.session(database)
        try:
            holder.do("BEGIN; LOCK TABLE ingested_data")
            place.run(to, "--set", "retry.attempts=1").expect(1, *parts)
            demand(rows_done(server, database) == 1, "something was counted")
        finally:
            holder.end()
        place.run(to, "--set", "retry.attempts=1").expect(0, "Going on with job")
        place.check_stored(server, database)


def a_lock_is_waited_for(world):
    """The lease is kept alive meanwhile."""
    place, server = Place(world, "lock", 300), world.server
    database = server.database("lock", "patient")
    to = server.url(database, "patient")
    place.run(to, "--limit", "1", "--set", "name=other").expect(0)
    server.sql("DELETE FROM ingested_data; DELETE FROM ingestion_jobs; DELETE FROM ingestion_splits; DELETE FROM validation_errors", database)
    holder = server.session(database)
    try:
        holder.do("BEGIN; LOCK TABLE ingested_data")
        run = place.start(to, "--json", "--quiet")
        wait_until(lambda: waiting_for_locks(server, database) > 0, "the run to wait for the lock")
        lease = server.value("SELECT lease_until FROM ingestion_splits", database)
        wait_until(lambda: server.value("SELECT lease_until FROM ingestion_splits", database) != lease, "a heartbeat")
    finally:
        holder.end()
    place.finish(run).result()
    place.check_stored(server, database)


def a_full_server(world):
    place = Place(world, "full", 300)
    server = Server(place.folder / "server", {"fsync": "off", "max_connections": 6}, HBA)  # 3 of them for superusers only
    try:
        server.sql(ROLES)
        database = server.database("full", "patient")
        to = server.url(database, "patient")

        def filled():
            return [server.session(user="patient") for _ in range(3)]

        sessions = filled()
        for session in sessions:
            session.do("SELECT 1")
        place.run(to, "--set", "patience=1s").expect(1, "connection slots", "max_connections", "CONNECTION LIMIT")
        refusals_before = server.said().count("FATAL")
        run = place.start(to, "--json", "--quiet")
        wait_until(lambda: server.said().count("FATAL") > refusals_before + 1, "two refusals")
        for session in sessions:
            session.end()
        place.finish(run).result()
        place.check_stored(server, database)
        server.sql("ALTER ROLE patient CONNECTION LIMIT 0")
        place.run(to, "--set", "patience=1s").expect(1, "too many connections for role", "CONNECTION LIMIT")
    finally:
        server.stop()


# ---------------------------------------------------------------- failover

def failover(world):
    """The primary is killed in the middle of a run, and a standby that has all that was acknowledged takes its place: once
    late, so that the run gives up and the same command goes on; once in time, so that the run goes on by itself."""
    place = Place(world, "failover", 30000)
    options = {"fsync": "off", "wal_level": "replica"}
    first = Server(place.folder / "first", options)
    servers = [first]
    try:
        second = Server(place.folder / "second", primary=first)
        servers.append(second)
        follow(first)
        for name in ("late", "in_time"):
            first.database(name)
        to = f"postgresql://sluice@127.0.0.1:{first.port},127.0.0.1:{second.port}/"
        arguments = ("--json", "--quiet", "--batch-rows", "200")

        run = place.start(to + "late", *arguments, "--set", "patience=1s")
        under_way(first, "late", run)
        first.stop()
        place.finish(run).expect(1, "Is a failover under way?")
        second.promote()
        place.run(to + "late", *arguments, "--set", "patience=1s").result()
        place.check_stored(second, "late")

        third = Server(place.folder / "third", primary=second)
        servers.append(third)
        follow(second)
        run = place.start(f"postgresql://sluice@127.0.0.1:{second.port},127.0.0.1:{third.port}/in_time?target_session_attrs=read-write",
                          *arguments)
        under_way(second, "in_time", run)
        second.stop()
        third.promote()
        place.finish(run).result()
        place.check_stored(third, "in_time")
        third.sql("ALTER SYSTEM SET default_transaction_read_only = on")
        third.control("reload")
        place.run(third.url("late")).expect(1, "read-only", "takes writes")
    finally:
        for server in servers:
            if server.running():
                server.stop()


def follow(primary):
    """From now on what is committed is on the standby, too."""
    wait_until(lambda: primary.value("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1", "the standby")
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.control("reload")
    wait_until(lambda: primary.value("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1", "replication")


CHECKS = [failover, a_commit_whose_answer_is_lost, a_lock_is_waited_for, a_small_pool, a_full_server, time_outs, environment_and_passwords, refusals, documented_roles,
          documented_retention, tls,
          through_pgbouncer, pgbouncer_statement_mode, pgbouncer_dies_and_comes_back, takeover_through_pgbouncer, a_start_that_stands_still]


def main():
    return run_checks(__doc__, CHECKS, World, "connections")


if __name__ == "__main__":
    sys.exit(main())
