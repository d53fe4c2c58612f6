"""Files that come into the bucket by another way than an upload: put there past the nodes, each with a notification, as S3
would send it, that may be lost or double. Needs boto3 (tests/boto3.txt)."""
import json
import os
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions

from cluster.clients import FOLDER


class Bucket:
    """Of the servers of tools/with_s3.sh and tools/with_sqs.sh. Any thread."""

    BROKEN = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)   # what a server that is away makes of it

    def __init__(self, queue):
        s3, sqs = (urllib.parse.urlsplit(os.environ[f"SLUICE_TEST_{name}"]) for name in ("S3", "SQS"))
        self.name, self.prefix, self.queue = s3.netloc, s3.path.strip("/"), queue
        self.notifications = f"sqs://{queue}?{sqs.query}"
        self.objects, self.messages = self._client("s3", s3), self._client("sqs", sqs)
        self.make_queue()

    @staticmethod
    def _client(service, url):
        query = urllib.parse.parse_qs(url.query)
        settings = botocore.config.Config(s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=10, retries={"max_attempts": 1})
        return boto3.session.Session().client(service, endpoint_url=query["endpoint"][0], config=settings,
                                              region_name=query.get("region", ["us-east-1"])[0])

    def make_queue(self):
        return self.messages.create_queue(QueueName=self.queue)["QueueUrl"]

    def put(self, pipeline, name, data):
        self.objects.put_object(Bucket=self.name, Key=self._key(pipeline, name), Body=data)

    def notify(self, pipeline, name):
        """Once; the server may be away, or have lost the queue."""
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": self.name}, "object": {"key": self._key(pipeline, name)}}}
        self.messages.send_message(QueueUrl=self.make_queue(), MessageBody=json.dumps({"Records": [record]}))

    def _key(self, pipeline, name):
        return "/".join(part for part in (self.prefix, FOLDER, pipeline, name) if part)
