"""Who may what: every operation of the document with every kind of key, and what is no operation at all. Requests name
things that are not there, so that whoever may, changes nothing. Used by tests/api.py."""
import re

NOWHERE = {"id": "0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f", "p": "nobody", "q": "nobody", "n": "1", "name": "nothing"}
WORDS = {"open", "read", "read_data", "submit", "operate", "administer"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def target_of(operation, flag=None):
    path = re.sub(r"\{(\w+)\}", lambda name: NOWHERE[name[1]], operation.path)
    if operation.id == "streamEvents":
        return path + "?after=x"   # a stream has no end
    return f"{path}?{flag}=true" if flag else path


def permissions_of(document):
    """{role: permissions} as the document's own table says."""
    rows = re.findall(r"^\| (viewer|uploader|operator|admin) \| (.+) \|$", document.json["info"]["description"], re.M)
    return {role: WORDS if "all" in words else set(words.split(", ")) | {"open"} for role, words in rows}


def is_problem(name):
    return lambda answer: [] if answer.json["type"] == "/problems/" + name else [f"the problem {answer.json['type']}"]


def check_words(client):
    for operation in client.document.operations:
        faults = [f"the permission {word} is none" for word in {operation.permission, *operation.flags.values()} - WORDS]
        if (operation.permission == "open") != operation.is_open:
            faults.append("x-permission and security differ")
        faults += [f"the flag {flag} is no parameter" for flag in operation.flags if flag not in operation.of("query")]
        client.tally.check(f"{operation}: words", faults)
    ids = [operation.id for operation in client.document.operations]
    client.tally.equal("operationIds that stand twice", [one for one in ids if ids.count(one) > 1], [])


def check_without_key(client, keys):
    for operation in client.document.operations:
        for header in (None, "Bearer slc_" + "A" * 43, "Basic YTpi", "Bearer", f"Bearer {keys['expired']}",
                       f"Bearer {keys['revoked']}"):
            headers = {"Authorization": header} if header else {}
            answer = client.call(operation.method, target_of(operation), headers=headers)
            refused = answer.status == 401
            client.tally.equal(f"{operation} as {header}: 401", refused, not operation.is_open)
            if refused:
                client.tally.check(f"{operation} as {header}", is_problem("unauthorized")(answer))


def check_roles(client, keys):
    allowed = permissions_of(client.document)
    client.tally.equal("roles in the document", sorted(allowed), ["admin", "operator", "uploader", "viewer"])
    for operation in client.document.operations:
        for role, permissions in allowed.items():
            for flag, permission in [(None, operation.permission), *operation.flags.items()]:
                answer = client.call(operation.method, target_of(operation, flag), key=keys[role])
                may = {operation.permission, permission} <= permissions
                name = f"{operation} {flag or ''} as {role}"
                if may:
                    client.tally.check(name, ["refused: " + str(answer.body)] if answer.status in (401, 403) else [])
                else:
                    client.tally.equal(name, answer.status, 403)
                    client.tally.check(name, is_problem("forbidden")(answer))


def check_what_is_not_there(client, key):
    """No method but the documented ones, no path but the documented ones."""
    document = client.document
    for path in document.json["paths"]:
        at = re.sub(r"\{(\w+)\}", lambda name: NOWHERE[name[1]], path)
        known = {one.method for one in document.operations if one.path == path} | {"OPTIONS"}
        # A word goes before a parameter, but only for its method.
        for one in document.operations:
            if one.path != path and one.pattern.fullmatch(at):
                known.add(one.method)
        if "GET" in known:
            known.add("HEAD")
        for method in METHODS:
            if method not in known:
                answer = client.call(method, at, key=key, want=405, extra=() if method == "HEAD" else is_problem(
                    "method-not-allowed"))
                client.tally.equal(f"{method} {at}: Allow", set(answer.headers.get("allow", "").split(", ")), known)
        if not any(one.method == "OPTIONS" for one in document.operations if one.path == path):
            answer = client.server.request("OPTIONS", at)
            client.tally.equal(f"OPTIONS {at}", (answer[0], set(answer[1].get("allow", "").split(", "))), (204, known))
        for wrong in (at + "/", at + "/zz", "/zz" + at, "/" + at, at.upper()):
            if not any(one.pattern.fullmatch(wrong) for one in document.operations):
                client.call("GET", wrong, key=key, want=404, extra=is_problem("not-found"))
    for wrong in ("/v1", "/v1/", "/v2/jobs", "/favicon.ico", "/.env"):
        client.call("GET", wrong, key=key, want=404, extra=is_problem("not-found"))
    for wrong in ("/v1/jobs/../config", "/%2e%2e/etc/passwd"):
        client.tally.equal(wrong, client.server.request("GET", wrong)[0], 400)
