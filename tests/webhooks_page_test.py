"""The code of docs/webhooks.md that checks a signature accepts what is genuine and nothing else."""
import hashlib
import hmac
import json
import pathlib
import re
import shutil
import subprocess
import time
import unittest

PAGE = (pathlib.Path(__file__).resolve().parent.parent / "docs" / "webhooks.md").read_text(encoding="utf-8")
SECRET = "an example secret"


def block(language):
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)
    assert len(found) == 1, f"docs/webhooks.md has {len(found)} blocks of {language}"
    return found[0]


def header_of(secret, moment, body):
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def trials():
    """(header, body, now, is it genuine)"""
    moment, body = 1718098200, '{"id":"7","name":"Zoë"}'.encode()
    header = header_of(SECRET, moment, body)
    example = block("text").strip()
    other = header_of("another secret", moment, body)
    return [(header, body, moment + 10, True), (example, b'{"id":"7"}', moment, True),
            (header, body + b" ", moment, False), (other, body, moment, False),
            (header, body, moment + 3600, False), (header, body, moment - 3600, False),
            (header.replace("t=1718098200", "t=1718098201"), body, moment, False),
            (header[:-2], body, moment, False), (header_of(SECRET, int(time.time()), body), body, None, True)]


class WebhooksPageTest(unittest.TestCase):
    def test_python(self):
        names = {}
        exec(block("python"), names)  # pylint: disable=exec-used
        for header, body, now, genuine in trials():
            self.assertEqual(names["is_genuine"](SECRET.encode(), header, body, now), genuine, (header, body, now))

    @unittest.skipUnless(shutil.which("node"), "node is not there")
    def test_node(self):
        asked = [[header, body.hex(), now, genuine] for header, body, now, genuine in trials()]
        program = block("js") + f"""
const wrong = {json.dumps(asked)}.filter(([header, body, now, genuine]) =>
  isGenuine({json.dumps(SECRET)}, header, Buffer.from(body, "hex"), now === null ? undefined : now) !== genuine);
console.log(JSON.stringify(wrong));
"""
        ended = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=False)
        self.assertEqual(ended.stderr, "")
        self.assertEqual(json.loads(ended.stdout), [])


if __name__ == "__main__":
    unittest.main()
