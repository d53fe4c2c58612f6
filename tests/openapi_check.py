"""What an OpenAPI 3.1 document promises, held against what was sent and what was answered. JSON Schema 2020-12 by the
library `jsonschema`; an object whose members the document lists has no others. Used by tests/api.py."""
import copy
import datetime
import json
import re
import uuid

import jsonschema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# On any answer; none of them is a route's own.
GENERAL_HEADERS = {"allow", "cache-control", "connection", "content-length", "content-security-policy", "content-type",
                   "cross-origin-resource-policy", "date", "referrer-policy", "retry-after", "transfer-encoding", "vary",
                   "www-authenticate", "x-content-type-options", "x-request-id"}
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time")
def is_time(value):
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return False
    try:
        datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return True
    except ValueError:
        return False


@FORMATS.checks("uuid")
def is_uuid(value):
    try:
        return not isinstance(value, str) or str(uuid.UUID(value)) == value
    except ValueError:
        return False


def merged(a, b):
    """Two schemas that both hold, as one."""
    result = dict(a)
    for name, value in b.items():
        if name in result and isinstance(value, dict) and isinstance(result[name], dict):
            result[name] = merged(result[name], value)
        elif name == "required":
            result[name] = sorted(set(result.get(name, [])) | set(value))
        else:
            result[name] = value
    return result


def strict(schema):
    """With `additionalProperties: false` wherever members are listed and nothing is said of others."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: {member: strict(value) for member, value in value.items()} if name == "properties" else
              value if name in ("enum", "const", "examples", "default") else strict(value)
              for name, value in schema.items()}
    if "properties" in result:
        result.setdefault("additionalProperties", False)
    return result


class Operation:
    def __init__(self, document, path, method, item, shared):
        self.path, self.method = path, method.upper()
        self.id = item["operationId"]
        self.permission = item.get("x-permission")
        self.flags = item.get("x-flags", {})
        self.is_open = item.get("security") == []
        self.parameters = {}
        for parameter in [*shared, *item.get("parameters", [])]:
            parameter = document.resolved(parameter)
            self.parameters[parameter["in"], parameter["name"]] = parameter
        self.body = item.get("requestBody")
        self.responses = {status: document.resolved(response) for status, response in item["responses"].items()}
        words = [re.escape(part) if not part.startswith("{") else "([^/]+)" for part in re.split(r"(\{[^}]+\})", path)]
        self.pattern = re.compile("".join(words))

    def __str__(self):
        return f"{self.method} {self.path}"

    def of(self, place):
        return {name: parameter for (where, name), parameter in self.parameters.items() if where == place}


class Document:
    def __init__(self, text):
        self.json = json.loads(text)
        self.operations = [Operation(self, path, method, item, items.get("parameters", []))
                           for path, items in self.json["paths"].items() for method, item in items.items()
                           if method in METHODS]
        self._validators = {}

    def resolved(self, node):
        while "$ref" in node:
            reference, node = node["$ref"], self.json
            for word in reference.removeprefix("#/").split("/"):
                node = node[word]
        return node

    def whole(self, schema):
        """Without references and allOf."""
        if isinstance(schema, list):
            return [self.whole(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            return merged(self.whole(copy.deepcopy(self.resolved(schema))), self.whole(rest))
        result = {name: self.whole(value) for name, value in schema.items() if name != "allOf"}
        for part in schema.get("allOf", []):
            result = merged(result, self.whole(part))
        return result

    def faults_of(self, value, schema):
        """What is wrong with a value, one sentence each."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = strict(self.whole(schema))
            jsonschema.Draft202012Validator.check_schema(whole)
            self._validators[key] = jsonschema.Draft202012Validator(whole, format_checker=FORMATS)
        return [f"{error.json_path}: {error.message[:300]}" for error in self._validators[key].iter_errors(value)]

    def named(self, name):
        return {"$ref": f"#/components/schemas/{name}"}

    def find(self, method, path):
        """The operation that a request is for; a word in a path goes before a parameter."""
        fits = [operation for operation in self.operations if operation.pattern.fullmatch(path)]
        for wanted in (method, "GET" if method == "HEAD" else method):
            there = [operation for operation in fits if operation.method == wanted]
            if there:
                return min(there, key=lambda operation: operation.path.count("{"))
        return None

    # ------------------------------------------------------------ what was sent

    def value_faults(self, text, parameter):
        """A parameter's text, read as what its schema wants."""
        schema = self.whole(parameter.get("schema", {}))
        value = text
        if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
            value = int(text)
        if schema.get("type") == "boolean" and text in ("true", "false"):
            value = text == "true"
        return [f"{parameter['name']}: {fault}" for fault in self.faults_of(value, schema)]

    def request_faults(self, operation, path, query, headers, body):
        faults = []
        names = re.findall(r"\{([^}]+)\}", operation.path)
        for name, text in zip(names, operation.pattern.fullmatch(path).groups()):
            faults += self.value_faults(text, operation.parameters["path", name])
        known = operation.of("query")
        for name, text in query:
            parameter = known.get(name.split("[")[0])
            faults += [f"the query's {name} is not documented"] if parameter is None else \
                [] if parameter.get("style") == "deepObject" else self.value_faults(text, parameter)
        faults += [f"{name} is required" for name, one in known.items()
                   if one.get("required") and name not in dict(query)]
        sent = {name.lower(): value for name, value in headers.items()}
        for name, parameter in operation.of("header").items():
            if name.lower() in sent:
                faults += self.value_faults(sent[name.lower()], parameter)
            elif parameter.get("required"):
                faults.append(f"the header {name} is required")
        return faults + self.body_faults(operation, sent.get("content-type", "").split(";")[0], body)

    def body_faults(self, operation, content_type, body):
        if not body:
            return ["a body is required"] if (operation.body or {}).get("required") else []
        if operation.body is None:
            return ["no body is documented"]
        content = operation.body["content"].get(content_type)
        if content is None:
            return [f"a body of {content_type or 'no type'} is not documented"]
        return self.faults_of(json.loads(body), content.get("schema", {})) if content_type == "application/json" else []

    # ------------------------------------------------------------ what was answered

    def response_faults(self, operation, method, status, headers, body):
        response = operation.responses.get(str(status))
        if response is None and status >= 400:
            response = operation.responses.get("default")
        if response is None:
            return [f"the status {status} is not documented"]
        response = self.resolved(response)
        faults, documented = [], {}
        for name, header in response.get("headers", {}).items():
            documented[name.lower()] = header = self.resolved(header)
            if name.lower() in headers:
                faults += self.value_faults(headers[name.lower()], {"name": name, **header})
            elif header.get("required"):
                faults.append(f"the header {name} is missing")
        faults += [f"the header {name} is not documented" for name in headers
                   if name not in documented and name not in GENERAL_HEADERS]
        if method == "HEAD":
            return faults + (["an answer to HEAD has a body"] if body else [])
        return faults + self.content_faults(response.get("content"), headers.get("content-type", ""), body)

    def content_faults(self, content, content_type, body):
        if not content:
            return [f"a body that is not documented: {body[:200]!r}"] if body else []
        kind = content_type.split(";")[0]
        if kind not in content:
            return [f"the type {content_type!r} is not documented, but {', '.join(content)}"]
        if kind.endswith("json") and kind != "application/x-ndjson":
            try:
                return self.faults_of(json.loads(body), content[kind].get("schema", {}))
            except ValueError as error:
                return [f"no JSON: {error}: {body[:200]!r}"]
        return []
