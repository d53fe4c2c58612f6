"""tests/openapi_check.py notices what it is there to notice: each case is an answer or a request with one fault in it."""
import json
import unittest

from openapi_check import Document

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}, "at": {
    "type": ["string", "null"], "format": "date-time"}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/things": {"get": {"operationId": "list", "parameters": [
            {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}], "responses": {
                "200": {"description": "", "headers": {"Link": {"required": True, "schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"allOf": [
                            {"type": "object", "required": ["items"], "properties": {"items": {"type": "array"}}},
                            {"properties": {"items": {"items": {"$ref": "#/components/schemas/Item"}}}}]}}}},
                "default": {"description": "", "content": {"application/problem+json": {"schema": {"type": "object"}}}}}}},
        "/things/{id}": {"delete": {"operationId": "remove", "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}], "responses": {
                "204": {"description": ""}}}},
        "/things/all": {"delete": {"operationId": "clear", "requestBody": {"required": True, "content": {"application/json": {
            "schema": {"type": "object", "additionalProperties": False, "properties": {"sure": {"type": "boolean"}}}}}},
            "responses": {"204": {"description": ""}}}},
    },
    "components": {"schemas": {"Item": ITEM}},
}
ID = "0193a0b2-7c3a-7b1e-8f2d-5a6b7c8d9e0f"
JSON = {"content-type": "application/json", "link": "x"}


class OpenapiCheckTest(unittest.TestCase):
    def setUp(self):
        self.document = Document(json.dumps(DOCUMENT))

    def answer(self, body, headers=None, status=200, method="GET", path="/things"):
        operation = self.document.find(method, path)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.document.response_faults(operation, method, status, headers or JSON, text)

    def sent(self, method, path, query=(), body=b"", kind="application/json"):
        return self.document.request_faults(self.document.find(method, path), path, query, {"Content-Type": kind}, body)

    def test_what_is_as_it_has_to_be(self):
        self.assertEqual(self.answer({"items": [{"id": ID, "at": "2026-03-01T06:00:00.000Z"}, {"id": ID, "at": None}]}), [])
        self.assertEqual(self.answer(b"", {"link": "x", **JSON}, method="HEAD"), [])
        self.assertEqual(self.sent("GET", "/things", [("limit", "9")]), [])
        self.assertEqual(self.sent("DELETE", "/things/all", body=b'{"sure": true}'), [])

    def test_members(self):
        for wrong, what in (({}, "'items' is a required"), ({"items": [], "more": 1}, "'more' was unexpected"),
                            ({"items": [{"id": ID, "more": 1}]}, "'more' was unexpected"), ({"items": [{}]}, "'id' is a required"),
                            ({"items": [{"id": 7}]}, "not of type"), ({"items": [{"id": "7"}]}, "uuid"),
                            ({"items": [{"id": ID, "at": "yesterday"}]}, "date-time"),
                            ({"items": [{"id": ID, "at": "2026-02-30T00:00:00Z"}]}, "date-time")):
            self.assertIn(what, " ".join(self.answer(wrong)), wrong)

    def test_heads(self):
        good = {"items": []}
        for headers, what in (({"content-type": "application/json"}, "Link is missing"), ({**JSON, "x-new": "1"}, "x-new"),
                              ({**JSON, "content-type": "text/html"}, "text/html")):
            self.assertIn(what, " ".join(self.answer(good, headers)), headers)
        self.assertIn("status 202", self.answer(good, status=202)[0])
        self.assertIn("application/problem+json", self.answer(good, {"content-type": "application/json"}, 404)[0])
        self.assertIn("not documented", self.answer(b"x", {"date": "x"}, 204, "DELETE", "/things/1")[0])
        self.assertIn("no JSON", self.answer(b"{")[0])

    def test_requests(self):
        for query, what in (([("limit", "10")], "maximum"), ([("limit", "x")], "not of type"), ([("limt", "1")], "limt")):
            self.assertIn(what, " ".join(self.sent("GET", "/things", query)), query)
        for body, kind, what in ((b"", "", "required"), (b'{"sure": 1}', "application/json", "not of type"),
                                 (b'{"zzq": 1}', "application/json", "unexpected"), (b"x", "text/csv", "text/csv")):
            self.assertIn(what, " ".join(self.sent("DELETE", "/things/all", (), body, kind)), body)
        self.assertIn("no body", self.sent("GET", "/things", (), b"x")[0])

    def test_a_word_goes_before_a_parameter(self):
        self.assertEqual(self.document.find("DELETE", "/things/all").id, "clear")
        self.assertEqual(self.document.find("DELETE", "/things/1").id, "remove")
        self.assertIsNone(self.document.find("PUT", "/things"))


if __name__ == "__main__":
    unittest.main()
