#!/usr/bin/env python3
"""Writes src/adapters/aws_signature_cases.json: requests and the signatures that botocore, AWS's own client, gives them.

aws_signatures.py [--check]      --check: compare with the file and change nothing
Needs botocore (`pip install botocore` in a virtual environment). The file was written with 1.44 and is the same with 1.29,
the one of Debian 12. Keys are AWS's published examples.
"""
import datetime
import hashlib
import json
import pathlib
import sys
import unittest.mock
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

OUT = pathlib.Path(__file__).parents[1] / "src" / "adapters" / "aws_signature_cases.json"
ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TIME = datetime.datetime(2024, 2, 29, 23, 59, 7, tzinfo=datetime.timezone.utc)
SQS = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}


def case(name, service="s3", region="eu-central-1", method="GET", host="bucket.s3.eu-central-1.amazonaws.com", path="/", query=(),
         headers=None, body="", token="", unsigned=False):
    return {"name": name, "service": service, "region": region, "method": method, "host": host, "path": path,
            "query": [list(pair) for pair in query], "headers": headers or {}, "body": body, "token": token, "unsigned": unsigned}


CASES = [
    case("nothing in it"),
    case("no region", service="sts", region="us-east-1", host="sts.amazonaws.com", method="POST", body="Action=GetCallerIdentity&Version=2011-06-15"),
    case("SQS, JSON", "sqs", method="POST", host="sqs.eu-central-1.amazonaws.com", headers=SQS, body='{"QueueUrl":"x","MessageBody":"ü"}'),
    case("SQS with a session token", "sqs", "us-gov-west-1", "POST", "sqs.us-gov-west-1.amazonaws.com", headers=SQS, body="{}",
         token="IQoJb3JpZ2luX2VjE+/=="),
    case("a port", "sqs", method="POST", host="localhost:9324", headers=SQS, body="{}"),
    case("query in another order than sorted", query=[("prefix", "a"), ("list-type", "2"), ("delimiter", "/"), ("Z", "1"), ("a", "2")]),
    case("query without a value", method="POST", path="/key", query=[("uploads", "")]),
    case("query with two of one name", query=[("k", "b"), ("k", "a"), ("k", "")]),
    case("query to be encoded", query=[("continuation-token", "1/a+b=c&d e"), ("prefix", "größe~.-_*'()!$,;:@"), ("k%", "%2F")]),
    case("names of which one begins the other", query=[("a-b", "1"), ("a", "2"), ("a%b", "3"), ("ab", "4"), ("a=", "5")]),
    case("a path with blanks and more", path="/a b/ü/~x/(1)'!*/=+&,;:@$/%20/?#"),
    case("S3 keeps a path as it is", path="//a/./b/../c//"),
    case("others normalise it", "execute-api", host="x.example.org", path="//a/./b c/../ü d//"),
    case("others down to nothing", "execute-api", host="x.example.org", path="/../a/.."),
    case("others encode twice", "execute-api", host="x.example.org", path="/a b/100%/x:y"),
    case("a header's blanks", headers={"X-Amz-Meta-Note": "  a   b\t c  ", "Range": "bytes=0-9"}),
    case("headers out of order", "s3", method="PUT", path="/k", headers={
        "x-amz-storage-class": "STANDARD_IA", "Content-Type": "text/csv; charset=utf-8", "X-Amz-Server-Side-Encryption": "aws:kms",
        "x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "If-None-Match": "*"}),
    case("a payload that is not signed", method="PUT", path="/k", body="never looked at", unsigned=True, token="token"),
    case("a payload with bytes of all kinds", method="PUT", path="/k", body="\u0000\u0001\n\r\u00ff\U0001f600"),
    case("path style on a port", host="127.0.0.1:9000", path="/bucket/ein schlüssel.csv", query=[("partNumber", "10"), ("uploadId", "a.b_c-d~")],
         method="PUT", body="x"),
    case("DELETE", method="DELETE", path="/k", query=[("uploadId", "VXBsb2FkIElE")]),
    case("HEAD", method="HEAD", path="/k"),
]


def signed(one):
    quoted = urllib.parse.quote(one["path"], safe="/~")
    query = urllib.parse.urlencode([tuple(pair) for pair in one["query"]], quote_via=urllib.parse.quote, safe="~")
    url = f"https://{one['host']}{quoted}" + ("?" + query if query else "")
    request = botocore.awsrequest.AWSRequest(one["method"], url, headers=dict(one["headers"]), data=one["body"].encode())
    # Its client says so where TLS and a checksum header look after the payload.
    request.context["client_config"] = None
    keys = botocore.credentials.Credentials(ACCESS, SECRET, one["token"] or None)
    signer = botocore.auth.S3SigV4Auth if one["service"] == "s3" else botocore.auth.SigV4Auth
    with unittest.mock.patch.object(signer, "_should_sha256_sign_payload", lambda *_: not one["unsigned"]):
        with at_that_time():
            signer(keys, one["service"], one["region"]).add_auth(request)
    return request.headers["Authorization"]


def at_that_time():
    if hasattr(botocore.auth, "get_current_datetime"):
        return unittest.mock.patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: TIME)
    frozen = unittest.mock.Mock(wraps=datetime)
    frozen.datetime.utcnow.return_value = TIME
    return unittest.mock.patch.object(botocore.auth, "datetime", frozen)


def main():
    cases = [{**one, "payloadHash": "UNSIGNED-PAYLOAD" if one["unsigned"] else hashlib.sha256(one["body"].encode()).hexdigest(),
              "authorization": signed(one)} for one in CASES]
    for one in cases:
        del one["body"], one["unsigned"]
    text = json.dumps({"from": "botocore, by tools/aws_signatures.py", "time": TIME.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                       "accessKey": ACCESS, "secretKey": SECRET, "cases": cases}, indent=1, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if OUT.read_text(encoding="utf-8") == text else f"{OUT} is not what botocore {botocore.__version__} says")
    OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
