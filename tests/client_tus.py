"""tus-js-client, as it is published, against `sluice serve`: files sent in pieces and in one, broken off in every way there
is and gone on with, refused, ended. Checks of tests/clients.py."""
import itertools
import random

from client_world import make_file
from cutting_proxy import CUT, RESET, CuttingProxy
from stored import demand

MIB = 1 << 20
ROWS, NOTE_BYTES = 30_000, 490   # 30 MB


def large_file(seed):
    return make_file(ROWS, NOTE_BYTES, seed)


def send(place, path, pipeline, origin=None, **options):
    return place.node("send_tus.mjs", {
        "file": str(path), "endpoint": (origin or place.server.url) + "/v1/uploads",
        "metadata": {"filename": path.name, "pipeline": pipeline}, **options})


def sent_whole(result):
    demand(result["error"] is None and result["jobId"], f"it was not sent to its end: {result['error']} {result['requests'][-5:]}")
    return result["jobId"]


def tus_sends_in_pieces_and_in_one(world):
    with world.place("tus-whole") as place:
        ways = {"pieces": {"chunkSize": 256 << 10}, "one": {}, "creation": {"chunkSize": 4 * MIB, "duringCreation": True},
                "deferred": {"chunkSize": 4 * MIB, "deferLength": True}, "override": {"chunkSize": 8 * MIB, "override": True}}
        for number, (name, way) in enumerate(ways.items()):
            file = large_file(number) if name in ("pieces", "one") else make_file(5000, 1000, number)
            path = place.write(f"{name} ü.csv", file.data)
            result = send(place, path, place.pipeline(name), **way)
            job = place.check_loaded(sent_whole(result), file, name)
            demand(job["file"]["name"] == path.name, f"the file is called {job['file']['name']}")
            methods = [request[0] for request in result["requests"]]
            pieces = -(-len(file.data) // way.get("chunkSize", len(file.data)))
            if name in ("pieces", "one"):
                demand(methods == ["POST"] + ["PATCH"] * pieces, f"{name}: {methods[:5]}… {len(methods)} requests")
            path.unlink()


def tus_goes_on_after_aborts(world):
    """The process of the client ends in the middle, eight times; what it remembers stands in a file."""
    with world.place("tus-aborts") as place:
        file = large_file(11)
        path = place.write("people.csv", file.data)
        place.pipeline("people")
        remembered = str(place.folder / "urls.json")
        rng, sent, posts = random.Random(11), 0, 0
        for number in range(9):
            sent += len(file.data) // 12 + rng.randrange(MIB)
            way = {} if number % 2 else {"chunkSize": 512 << 10}
            more = {"abortAfter": sent} if number < 8 else {}
            result = send(place, path, "people", storage=remembered, **way, **more)
            demand(result["error"] is None and result["aborted"] == (number < 8), f"run {number}: {result['error']} {result['requests']}")
            demand(result["found"] == (number > 0), f"run {number} found {result['found']} uploads that it could go on with")
            posts += sum(request[0] == "POST" for request in result["requests"])
        demand(posts == 1, f"{posts} uploads were begun for one file")
        place.check_loaded(sent_whole(result), file, "people")


def tus_goes_on_through_cuts(world):
    """The network breaks: twenty times, in the middle of what the client sends, and of what it is answered."""
    for name, way in (("pieces", {"chunkSize": 700_000}), ("one", {})):
        with world.place(f"tus-cuts-{name}") as place:
            rng, file = random.Random(name), large_file(21 if way else 22)
            path = place.write("people.csv", file.data)
            place.pipeline("people")
            points = [(rng.randrange(len(file.data) // 15), what) for what in itertools.islice(itertools.cycle([CUT, RESET]), 20)]
            with CuttingProxy(place.server.port, points) as proxy:
                result = send(place, path, "people", origin=proxy.url, **way)
                demand(not proxy.points, f"only {20 - len(proxy.points)} cuts were made")
                # What is sent again after a cut is what was on its way, not the file.
                demand(proxy.passed < 1.2 * len(file.data), f"{proxy.passed} bytes were sent for {len(file.data)}")
            place.check_loaded(sent_whole(result), file, "people")
            demand(sum(request[0] == "HEAD" for request in result["requests"]) >= 15, "it did not ask where to go on")


def tus_goes_on_after_answers_were_lost(world):
    """The server has a piece, and its answer does not come through: nothing is stored twice, the job is made once."""
    with world.place("tus-answers") as place:
        file = make_file(5000, 1000, 31)
        path = place.write("people.csv", file.data)
        place.pipeline("people")
        points = [(size, what) for size, what in zip((600, 10, 350, 2, 700, 30, 800), itertools.cycle([RESET, CUT]))]
        with CuttingProxy(place.server.port, points, "to client") as proxy:
            result = send(place, path, "people", origin=proxy.url, chunkSize=2 * MIB)
            demand(not proxy.points, "not every answer was cut off")
        place.check_loaded(sent_whole(result), file, "people")
        demand(len(place.items("/v1/jobs")) == 1, "the file became more than one job")


def tus_goes_on_with_a_server_that_was_killed(world):
    with world.place("tus-kills") as place:
        file = large_file(41)
        path = place.write("people.csv", file.data)
        place.pipeline("people")

        def kill_and_start():
            place.server.kill()
            place.server.start()

        rng = random.Random(41)
        with CuttingProxy(place.server.port, [(rng.randrange(MIB, 5 * MIB), kill_and_start) for _ in range(6)]) as proxy:
            result = send(place, path, "people", origin=proxy.url, chunkSize=MIB)
            demand(not proxy.points, f"{len(proxy.points)} kills were not reached")
        place.check_loaded(sent_whole(result), file, "people")
        demand(len(place.items("/v1/jobs")) == 1, "the file became more than one job")


def tus_needs_a_key(world):
    with world.place("tus-keys") as place:
        keys = {role: place.key(role) for role in ("uploader", "viewer")}
        other = place.key("uploader", "--tenant", "elsewhere")
        file = make_file(5000, 500, 51)
        path = place.write("people.csv", file.data)
        place.pipeline("people")

        def bearer(key):
            return {"Authorization": f"Bearer {key}"}

        for headers, status in (({}, 401), (bearer("no-such-key"), 401), (bearer(keys["viewer"]), 403)):
            result = send(place, path, "people", headers=headers)
            demand(result["jobId"] is None and f"response code: {status}" in result["error"], f"{status}: {result['error']}")
        demand(len(result["requests"]) == 1, "a refusal is tried again")
        remembered = {"storage": str(place.folder / "urls.json"), "chunkSize": 200_000}
        begun = send(place, path, "people", headers=bearer(keys["uploader"]), abortAfter=MIB, **remembered)
        demand(begun["aborted"] and begun["url"], f"it was not begun: {begun}")
        # Whose upload it is not, does not see it, nor end it.
        upload = begun["url"].removeprefix(place.server.url)
        for method in ("HEAD", "DELETE"):
            status, _, _ = place.server.request(method, upload, headers={"Tus-Resumable": "1.0.0"}, key=other)
            demand(status == 404, f"a key of another tenant: {method} {status}")
        result = send(place, path, "people", headers=bearer(keys["uploader"]), **remembered)
        demand(result["found"] == 1 and "POST" not in [request[0] for request in result["requests"]], "it was begun anew")
        place.check_loaded(sent_whole(result), file, "people", key=keys["uploader"])


def tus_ends_what_it_began(world):
    with world.place("tus-ends") as place:
        path = place.write("people.csv", large_file(61).data)
        place.pipeline("people")
        result = send(place, path, "people", chunkSize=MIB, abortAfter=10 * MIB, terminate=True)
        demand(result["aborted"] and result["error"] is None, f"it was not ended: {result}")
        demand(["DELETE", 204] in [request[:2] for request in result["requests"]], f"it was not ended: {result['requests'][-3:]}")
        status, _, _ = place.server.request("HEAD", result["url"].removeprefix(place.server.url), headers={"Tus-Resumable": "1.0.0"})
        demand(status == 404, f"after its end the upload answers {status}")
        demand(not place.blobs() and not place.items("/v1/jobs"), f"left behind: {place.blobs()}")


def tus_checks_sums(world):
    with world.place("tus-sums") as place:
        file = make_file(5000, 1000, 71)
        path = place.write("people.csv", file.data)
        place.pipeline("people")
        result = send(place, path, "people", chunkSize=MIB, checksum=True, wrongChecksums=3)
        place.check_loaded(sent_whole(result), file, "people")
        statuses = [request[1] for request in result["requests"] if request[0] == "PATCH"]
        demand(statuses.count(460) == 3, f"wrong checksums were answered {statuses}")


def tus_is_refused_clearly(world):
    with world.place("tus-refused", options=["--set", "limits.upload_bytes=3MB"]) as place:
        place.pipeline("people")
        small = place.write("people.csv", make_file(2000, 500, 81).data)
        huge = place.write("huge.csv", make_file(4000, 500, 82).data)
        picture = place.write("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400)
        for path, options, status, words in (
                (small, {"parallelUploads": 3}, 400, "parallelUploads"), (huge, {}, 413, "3000000"),
                (picture, {"chunkSize": 50_000}, 415, "PNG"),
                (small, {"metadata": {}}, 400, "filename"),
                (small, {"metadata": {"filename": "people.csv", "pipeline": "no such"}}, 400, "pipeline")):
            result = send(place, path, "people", **options)
            demand(result["error"] and f"response code: {status}" in result["error"] and words in result["error"],
                   f"{path.name} {options}: {result['error']} {result['requests']}")
        demand(not place.blobs() and not place.items("/v1/jobs"), f"left behind: {place.blobs()}")


CHECKS = [tus_goes_on_through_cuts, tus_goes_on_after_aborts, tus_goes_on_with_a_server_that_was_killed, tus_sends_in_pieces_and_in_one,
          tus_goes_on_after_answers_were_lost, tus_needs_a_key, tus_ends_what_it_began, tus_checks_sums, tus_is_refused_clearly]
