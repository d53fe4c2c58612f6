"""Judges what a cluster made of the files that it accepted, row by row, by what their rows say, past the program: in the
store's tables, in Redis, and in what a client that followed the events has seen."""
import collections
import decimal
import json

import people
import stored
from cluster.files import IDENTITIES
from stored import Wrong, demand


def judge(cluster, sent, followed):
    """Everything that is wrong, in words."""
    faults = []

    def check(name, judged, *arguments):
        try:
            judged(*arguments)
        except Wrong as wrong:
            faults.append(f"{name}: {wrong}")

    accepted = [one for one in sent if one.job_id]
    check("jobs", check_jobs, cluster.store, accepted)
    for pipeline in IDENTITIES:
        of_it = [one for one in accepted if one.file.pipeline == pipeline]
        check(pipeline, check_pipeline, cluster.store, pipeline, of_it)
    check("leases", check_nothing_left, cluster.store)
    if cluster.queue == "redis":
        check("queue", check_queue, cluster)
    check("events", check_events, cluster.store, followed)
    return faults


def check_jobs(store, accepted):
    """Each accepted file is one job, which has ended; and there are no others."""
    rows = [line.split("\t") for line in store.execute("SELECT id, file_name, status, pipeline, error FROM ingestion_jobs")]
    by_id = {row[0]: row for row in rows}
    lost = [one.file.name for one in accepted if one.job_id not in by_id]
    demand(not lost, f"accepted and not there: {lost[:5]}")
    names = collections.Counter(row[1] for row in rows)
    twice = [name for name, number in names.items() if number > 1]
    demand(not twice, f"these files became several jobs: {twice[:5]}")
    others = set(names) - {one.file.name for one in accepted}
    demand(not others, f"there are jobs for files that nobody was told of: {sorted(others)[:5]}")
    for one in accepted:
        _, name, status, pipeline, error = by_id[one.job_id]
        allowed = ("COMPLETED", "CANCELLED") if one.cancelled else ("COMPLETED",)
        demand((name, pipeline) == (one.file.name, one.file.pipeline), f"job {one.job_id} is {pipeline}/{name}, not {one.file.name}")
        demand(status in allowed, f"job {one.job_id} ({name}) is {status}: {error}")


def check_told(one):
    """What is to be told of a job; one that was cancelled or retried has other kinds of events."""
    def check(job, events):
        if not one.cancelled:
            stored.check_events(job, events)
    return check


def check_pipeline(store, pipeline, sent):
    found = store.snapshot(pipeline)
    by_id = {one.job_id: one for one in sent}
    expected = {}
    for job in found["jobs"]:
        demand(job["id"] in by_id, f"nobody was told of job {job['id']}")
        job["file_name"] = job["id"]
    told = {one.job_id: check_told(one) for one in sent}
    jobs = stored.check_counters(found, by_id, lambda job, events: told[job["id"]](job, events))
    for job_id, (job, outcomes) in jobs.items():
        whole = by_id[job_id].file.expected()
        name = f"{by_id[job_id].file.name} (job {job_id})"
        if job["status"] == "COMPLETED":
            missing = set(range(1, whole.read + 1)) ^ set(outcomes)
            demand(not missing, f"{name}: rows without an outcome, or that are not there: {sorted(missing)[:10]}")
        else:   # it was cancelled: what it got to is as it would have been
            whole = people.Expected(len(outcomes), *({row: value for row, value in part.items() if row in outcomes}
                                                     for part in (whole.rejects, whole.texts, whole.keys)))
        expected[job_id] = whole
        rejects = [reject for reject in found["rejects"] if reject["job_id"] == job_id]
        known = [reject for reject in rejects if pipeline == "key_skip" and reject["code"] == "unique-error"]
        for reject in known:   # other content under a key that is known: judged below
            demand(reject["row_number"] in whole.texts, f"{name}: row {reject['row_number']} is rejected for its key and its content")
        try:
            stored.check_rejects(whole, [reject for reject in rejects if reject not in known] if known else rejects)
        except Wrong as wrong:
            raise Wrong(f"{name}: {wrong}") from None
    judged = {job_id: (job["sequence"], expected[job_id], outcomes) for job_id, (job, outcomes) in jobs.items()}
    check_groups(store, pipeline, found["rows"])
    if pipeline == "key_skip":
        check_first_wins(found, judged)
    else:
        stored.check_stored(found, judged, IDENTITIES[pipeline])


def check_groups(store, pipeline, rows):
    """The groups of the pipeline's aggregate are what its stored rows make of them; these are judged for themselves."""
    people_of = collections.defaultdict(list)
    for row in rows:
        data = json.loads(row["data"], parse_float=decimal.Decimal, parse_int=decimal.Decimal)
        people_of[data.get("state")].append(data)
    kept = {}
    for line in store.execute(f"SELECT to_json(g) FROM aggregate_groups g WHERE name = '{pipeline}_by_state' AND rows > 0"):
        group = json.loads(line)
        measures = json.loads(group["measures"], parse_float=decimal.Decimal, parse_int=decimal.Decimal)
        kept[json.loads(group["group_key"])[0]] = (group["rows"], measures, group["stale"].split(","))
    demand(set(kept) == set(people_of), f"groups that are there, or are not: {sorted(map(str, set(kept) ^ set(people_of)))[:5]}")
    for state, of_it in people_of.items():
        expected = {"people": len(of_it), "total": sum(decimal.Decimal(one.get("amount", 0)) for one in of_it),
                    "first": min((one["signup_date"] for one in of_it if "signup_date" in one), default=None),
                    "last": max((one["id"] for one in of_it if "id" in one), default=None)}
        number, measures, stale = kept[state]
        demand(number == len(of_it), f"the group {state} has {number} rows, {len(of_it)} are stored")
        for name, value in expected.items():
            found = measures[name] if not isinstance(measures[name], str) or name == "first" else decimal.Decimal(measures[name])
            demand(found == value or name in stale, f"{name} of the group {state} is {found}, its rows make {value}")


def check_first_wins(found, jobs):
    """Whichever row of a key came first is stored; its equals are duplicates, others under its key are rejects."""
    in_store = {}
    for row in found["rows"]:
        key = people.key_of(row["data"])
        demand(key not in in_store, f"stored twice: {key}")
        demand(row["hash"] == people.sha256(row["data"]), f"the hash of key {key} is not its data's")
        in_store[key] = (row["job_id"], row["row_number"], row["data"])
    inserted = collections.Counter()
    for job_id, (_, expected, outcomes) in jobs.items():
        for number, text in expected.texts.items():
            key, outcome = expected.keys[number], outcomes[number]
            demand(key in in_store, f"{key} is not stored")
            inserted[key] += outcome == "inserted"
            wanted = ("inserted", "duplicate") if text == in_store[key][2] else ("rejected",)
            demand(outcome in wanted, f"row {number} of job {job_id} became {outcome}; what is stored under its key: {in_store[key]}")
    wrong = [key for key in in_store if inserted[key] != 1]
    demand(not wrong, f"these keys were inserted several times or never: {wrong[:5]}")


def check_nothing_left(store):
    left = store.execute("SELECT job_id, split_number, lease_owner FROM ingestion_splits WHERE lease_owner <> '' LIMIT 5")
    demand(not left, f"leases that are left: {left}")
    open_splits = store.execute("SELECT s.job_id, s.split_number FROM ingestion_splits s JOIN ingestion_jobs j ON j.id = s.job_id "
                                "WHERE s.status <> 'COMPLETED' AND j.status = 'COMPLETED' LIMIT 5")
    demand(not open_splits, f"splits that are not done, of jobs that are: {open_splits}")
    lanes = store.execute("SELECT l.job_id FROM ingestion_lanes l JOIN ingestion_jobs j ON j.id = l.job_id WHERE j.status = 'COMPLETED' LIMIT 5")
    demand(not lanes, f"lanes that are left: {lanes}")


QUEUE_PARTS = {"wait": "LLEN", "active": "LLEN", "paused": "LLEN", "prioritized": "ZCARD", "delayed": "ZCARD", "failed": "ZCARD"}


def left_in_queue(cluster):
    """{part: how many jobs} of those that hold any."""
    prefix = f"bull:{cluster.queue_name}-splits:"
    counted = {part: int(cluster.redis(command, prefix + part)[0]) for part, command in QUEUE_PARTS.items()}
    return {part: number for part, number in counted.items() if number}


def check_queue(cluster):
    left = left_in_queue(cluster)
    demand(not left, f"jobs are left in Redis: {left}")
    bodies = cluster.redis("--scan", "--pattern", f"bull:{cluster.queue_name}-splits:*/*")
    demand(not bodies, f"keys of jobs that are done are left in Redis: {bodies[:5]}")


def check_events(store, followed):
    """The client has seen every event, once, in the order of the numbers; and they have no gaps."""
    rows = [line.split("\t") for line in store.execute("SELECT number, job_id, type FROM ingestion_events ORDER BY number NULLS FIRST")]
    demand(all(number for number, _, _ in rows), "there are events without a number")
    numbers = [int(number) for number, _, _ in rows]
    demand(len(set(numbers)) == len(numbers), "two events have one number")
    seen = [number for number, _, _ in followed]
    demand(seen == sorted(set(seen)), "events came twice, or in another order")
    missed = sorted(set(numbers) ^ set(seen))
    demand(not missed, f"of {len(numbers)} events {len(missed)} were missed, or are not there: {missed[:5]}")
    first_and_last = {}
    for (_, job, kind), (_, _, seen_kind) in zip(rows, followed):
        demand(kind == seen_kind, f"an event of job {job} is {kind}, the client was told {seen_kind}")
        first_and_last.setdefault(job, []).append(kind)
    for job, kinds in first_and_last.items():
        demand(kinds[0] in ("job.started", "job.cancelled"), f"the first event of job {job} is {kinds[0]}")
        demand(kinds[-1] in ("job.completed", "job.cancelled"), f"the last event of job {job} is {kinds[-1]}")
