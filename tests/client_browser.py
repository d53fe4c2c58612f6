"""Chromium against `sluice serve`: forms and scripts of pages of the same site and of others, live events, and how /docs
looks. Checks of tests/clients.py."""
import contextlib
import http.server
import json
import re
import shutil
import threading
import urllib.parse

from client_world import ROOT, RUN_SECONDS, SCRIPTS, make_file
from service import send_raw
from stored import demand

BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
FORM = """<!doctype html><title>A form</title>
<form action="{action}" method="post" enctype="multipart/form-data"><input name="pipeline"><input name="delay"><input name="runAt">
<input name="priority"><input type="file" name="file"><input name="metadata"><button>Send</button></form>"""
VIEWS = [{"width": width, "height": 900, "scheme": scheme} for width in (1280, 390) for scheme in ("light", "dark")]


def installed():
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def drive(place, name, **asked):
    profile = place.folder / f"profile-{name}"
    return place.node("browser.mjs", name, {"chromium": installed(), "profile": str(profile), **asked})


def documented(language, containing):
    """The block of docs/service.md in this language that holds these words."""
    text = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
    found = [block for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M) if containing in block]
    demand(len(found) == 1, f"docs/service.md has {len(found)} blocks of {language} with {containing!r}")
    return found[0]


@contextlib.contextmanager
def other_site(pages):
    """A site of somebody else on this machine; its port. `pages`: {path: HTML}."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield site.server_port
    finally:
        site.shutdown()
        site.server_close()


def browser_sends_forms(world):
    with world.place("browser-forms") as place:
        files = [make_file(3000, 200, seed) for seed in (1, 2, 3)]
        names = ["people.csv", 'Köln "neu" 100%25;.csv', "plain.csv"]
        paths = [str(place.write(name, file.data)) for name, file in zip(names, files)]
        place.pipeline("people")
        place.pipeline("chosen")
        page = place.server.url + "/send.html"
        own = FORM.format(action="/upload")
        steps = [{"url": page, "html": documented("html", "<form"), "file": paths[0],
                  "fields": {"pipeline": "people"}},
                 # Fields that were left empty say nothing; the others count, before the file and behind it.
                 {"url": page, "html": own, "file": paths[1], "fields": {"pipeline": "chosen", "metadata": '{"from": "a browser"}'}}]
        answers = drive(place, "form", steps=steps)
        demand([answer["status"] for answer in answers] == [202, 202], f"the forms were answered {answers}")
        jobs = [json.loads(answer["body"])["jobId"] for answer in answers]
        place.check_loaded(jobs[0], files[0], "people")
        job = place.check_loaded(jobs[1], files[1], "chosen")
        demand(job["file"]["name"] == names[1], f"the file is called {job['file']['name']}")
        demand(job["metadata"] == {"from": "a browser"}, f"the metadata are {job['metadata']}")

        before = len(place.items("/v1/jobs"))
        with other_site({"/send.html": FORM.format(action=place.server.url + "/upload")}) as port:
            rebound = f"http://sluice.example:{place.server.port}"   # a foreign name that is made to point here
            foreign = [f"http://elsewhere.example:{port}/send.html", f"http://localhost:{port}/send.html",
                       f"http://127.0.0.1:{port}/send.html",   # the same host, another port
                       "data:text/html," + urllib.parse.quote(FORM.format(action=place.server.url + "/upload"))]
            steps = [{"url": url, "file": paths[2]} for url in foreign]
            steps.append({"url": f"{rebound}/send.html", "html": own, "file": paths[2]})
            answers = drive(place, "form", steps=steps)
        told = [(answer["status"], json.loads(answer["body"])["type"]) for answer in answers]
        demand(told == [(403, "/problems/cross-site")] * 4 + [(421, "/problems/misdirected")], f"pages of others were answered {told}")
        demand(len(place.items("/v1/jobs")) == before, "a page of another site has made a job")


# What a page tries; `server` is the address of the server. Each gives what a script of the page would know.
TRY_EVERYTHING = """async (server) => {
  const tried = {};
  const note = async (name, promise) => { tried[name] = await promise.then((value) => value, (error) => "failed: " + error); };
  const text = (answer) => answer.type + " " + answer.status;
  await note("read", fetch(server + "/v1/jobs").then(text));
  await note("sent", fetch(server + "/v1/pipelines/people/jobs", { method: "POST", mode: "no-cors", body: "id,name,note\\n1,a,b\\n" }).then(text));
  await note("sent as JSON", fetch(server + "/v1/pipelines/people/batches", { method: "POST", body: '[{"id": "1"}]',
    headers: { "Content-Type": "application/json" } }).then(text));
  await note("source", new Promise((resolve) => {
    const source = new EventSource(server + "/v1/events?after=0");
    source.onopen = () => resolve("open");
    source.onerror = () => resolve("error");
  }));
  await note("socket", new Promise((resolve) => {
    const socket = new WebSocket(server.replace("http", "ws") + "/v1/events?after=0");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("error");
  }));
  return tried;
}"""

TUS_IN_A_PAGE = """async (server) => new Promise((resolve, reject) => {
  const file = document.querySelector("input[type=file]").files[0];
  let job = null;
  new tus.Upload(file, { endpoint: "/v1/uploads", chunkSize: 500000, metadata: { filename: file.name, pipeline: "people" },
    onAfterResponse: (request, response) => { job = response.getHeader("Sluice-Job-Id") ?? job; },
    onError: reject, onSuccess: () => resolve(job) }).start();
})"""


def browser_runs_scripts(world):
    with world.place("browser-scripts") as place:
        place.pipeline("people")
        empty = "<!doctype html><title>A page</title>"
        own = drive(place, "script", url=place.server.url + "/page.html", html=empty, script=TRY_EVERYTHING, server=place.server.url)
        demand(own == {"read": "basic 200", "sent": "basic 202", "sent as JSON": "basic 202", "source": "open", "socket": "open"},
               f"a page of the same site: {own}")
        before = len(place.items("/v1/jobs"))
        with other_site({"/page.html": empty}) as port:
            other = drive(place, "script", url=f"http://elsewhere.example:{port}/page.html", script=TRY_EVERYTHING, server=place.server.url)
        demand(other["read"].startswith("failed") and other["sent as JSON"].startswith("failed"), f"a page of another site: {other}")
        demand((other["source"], other["socket"]) == ("error", "error"), f"a page of another site sees events: {other}")
        demand(len(place.items("/v1/jobs")) == before, "a page of another site has made a job")
        file = make_file(5000, 500)
        job = drive(place, "script", url=place.server.url + "/page.html", html=empty + "<input type=file>", script=TUS_IN_A_PAGE,
                    file=str(place.write("people.csv", file.data)), server=place.server.url,
                    tus=str(world.node_modules() / "tus-js-client" / "dist" / "tus.min.js"))
        demand(job, "tus-js-client in a page was not told the job")
        loaded = place.server.wait_for(job)
        demand(loaded["file"]["sha256"] == file.sha256 and loaded["rows"]["inserted"] == file.rows - file.rejected, f"the job is {loaded}")


def browser_follows_through_restarts(world):
    """A page follows before anything has happened; the server dies twice, once before the job is begun and once in the
    middle of it."""
    with world.place("browser-events", batch_rows=1) as place:
        file = make_file(3000)
        place.pipeline("people")
        page = place.start_node("browser.mjs", "live", {
            "chromium": installed(), "profile": str(place.folder / "profile"), "url": place.server.url + "/live.html",
            "html": (SCRIPTS / "live.html").read_text(encoding="utf-8")})
        stopper = threading.Timer(RUN_SECONDS, page.kill)
        stopper.start()
        try:
            demand(json.loads(page.stdout.readline() or "{}").get("open"), "the page has no connections")
            place.server.kill()
            place.server.start()
            job = send_raw(place.server, "people.csv", file.data, "people", "key")
            while place.server.job(job)["rows"]["read"] < 500:
                pass   # each look is a request
            place.server.kill()
            place.server.start()
            out, err = page.communicate()
        finally:
            stopper.cancel()
            page.kill()
        demand(out.strip(), f"the page ended with status {page.returncode}: {err[-2000:]}")
        seen = json.loads(out.strip().splitlines()[-1])
        place.check_loaded(job, file, "people")
        told = [[int(event["sequence"]), event["type"]] for event in place.items(f"/v1/jobs/{job}/events")]
        for name in ("source", "socket"):
            demand(seen[name] == told, f"{name}: {len(seen[name])} events came of {len(told)}, or in another order")
        demand(seen["opened"] >= 3, f"the WebSocket was opened {seen['opened']} times")


def browser_shows_the_docs(world):
    with world.place("browser-docs") as place:
        seen = drive(place, "look", url=place.server.url + "/docs", views=VIEWS)
        operations = sum(len([method for method in item if method != "parameters"])
                         for item in place.server.json("GET", "/openapi.json")["paths"].values())
        for view, page in zip(VIEWS, seen):
            what = f"/docs {view['width']} wide, {view['scheme']}"
            demand(not page["complaints"], f"{what}: the browser complains: {page['complaints']}")
            demand(page["wide"] <= 0, f"{what}: it is {page['wide']} pixels wider than the window")
            demand(not page["cut"], f"{what}: cut off: {page['cut'][:5]}")
            demand(page["title"] < view["height"], f"{what}: what it is comes only after {page['title']} pixels")
            demand(not page["dead"], f"{what}: links that lead nowhere: {page['dead'][:5]}")
            demand(page["articles"] >= operations, f"{what}: {page['articles']} articles for {operations} operations")
            dark = view["scheme"] == "dark"
            demand((sum(page["ground"][:3]) < sum(page["ink"][:3])) == dark, f"{what}: {page['ink']} on {page['ground']}")


CHECKS = [browser_follows_through_restarts, browser_sends_forms, browser_runs_scripts, browser_shows_the_docs]
