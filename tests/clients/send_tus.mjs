// Sends one file with tus-js-client, as the JSON of the first argument says, and prints as JSON what came of it:
// {jobId, url, error, aborted, found, requests: [[method, status, offset]…]}. Called by tests/client_tus.py.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { PassThrough } from "node:stream";
import { FileUrlStorage, Upload } from "tus-js-client";

const asked = JSON.parse(process.argv[2]);
const result = { jobId: null, url: null, error: null, aborted: false, found: 0, requests: [] };
const size = statSync(asked.file).size;
let wrong = asked.wrongChecksums ?? 0;

function checksum(offset) {
  const bytes = Buffer.alloc(Math.min(asked.chunkSize, size - offset));
  const file = openSync(asked.file);
  readSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
  if (wrong-- > 0) bytes[0] ^= 1;
  return "sha256 " + createHash("sha256").update(bytes).digest("base64");
}

function end() {
  result.url = upload.url;
  process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0)); // sockets that are kept alive or not
}

const options = {
  endpoint: asked.endpoint,
  metadata: asked.metadata,
  headers: asked.headers ?? {},
  retryDelays: Array(200).fill(50),
  removeFingerprintOnSuccess: true,
  uploadDataDuringCreation: asked.duringCreation ?? false,
  uploadLengthDeferred: asked.deferLength ?? false,
  overridePatchMethod: asked.override ?? false,
  parallelUploads: asked.parallelUploads ?? 1,
  metadataForPartialUploads: asked.metadata,
  onBeforeRequest(request) {
    const offset = request.getHeader("Upload-Offset");
    if (asked.checksum && offset !== undefined) request.setHeader("Upload-Checksum", checksum(Number(offset)));
  },
  onAfterResponse(request, response) {
    result.requests.push([request.getMethod(), response.getStatus(), request.getHeader("Upload-Offset") ?? null]);
    result.jobId = response.getHeader("Sluice-Job-Id") ?? result.jobId;
  },
  onProgress(sent) {
    if (asked.abortAfter === undefined || sent < asked.abortAfter || result.aborted) return;
    result.aborted = true;
    upload.abort(asked.terminate ?? false).then(end, (error) => {
      result.error = error.message;
      end();
    });
  },
  onSuccess: end,
  onError(error) {
    result.error = error.message;
    end();
  },
};
if (asked.chunkSize) options.chunkSize = asked.chunkSize;
if (asked.storage) options.urlStorage = new FileUrlStorage(asked.storage);
// What is broken with a checksum of its own is sent again; all else is retried as tus-js-client does it by itself.
if (asked.checksum) options.onShouldRetry = (error) => error.originalResponse?.getStatus() === 460;

const file = createReadStream(asked.file);
const upload = new Upload(asked.deferLength ? file.pipe(new PassThrough()) : file, options); // a stream has no size
if (asked.storage) {
  const previous = await upload.findPreviousUploads();
  result.found = previous.length;
  if (previous.length > 0) upload.resumeFromPreviousUpload(previous[0]);
}
upload.start();
