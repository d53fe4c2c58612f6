"""What Schemathesis cannot know: the bytes of a tus upload are bytes. Loaded by it (SCHEMATHESIS_HOOKS), for
tests/api_schemathesis.py."""
import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
