// A server that takes jobs from a queue of BullMQ's, used by unmodified programs on Node.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { connection, ownName, redis, until } from './peer.mjs';

const PIPELINE = `name: people
schema:
  fields:
    - {name: id, type: integer}
    - {name: email, type: string, format: email}
identity: [id]
`;

class Server {
  constructor(folder, queue) {
    this.folder = folder;
    this.queue = queue;
  }
  async start() {
    this.child = spawn(join(process.env.SLUICE_BUILD, 'bin/sluice'), ['serve'], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        SLUICE_LISTEN: '127.0.0.1:0',
        SLUICE_QUEUE: `${process.env.SLUICE_TEST_REDIS}?queue=${this.queue}&events=${this.queue}-events`,
      },
    });
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    const log = [];
    this.url = await new Promise((resolve, reject) => {
      createInterface({ input: this.child.stderr }).on('line', (line) => {
        log.push(line);
        const entry = JSON.parse(line.startsWith('{') ? line : '{}');
        if (entry.url) resolve(entry.url);
      });
      this.ended.then(() => reject(new Error(log.join('\n'))));
    });
  }
  async end(signal) {
    this.child.kill(signal);
    await this.ended;
  }
  async post(path) {
    const answer = await fetch(this.url + path, { method: 'POST' });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
  }
  async get(path) {
    return (await fetch(this.url + path)).json();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-bullmq-'));
const name = ownName('sluice');
const server = new Server(folder, name);
let queue, events;

before(async () => {
  mkdirSync(join(folder, 'pipelines'));
  mkdirSync(join(folder, 'data/blobs/inbox'), { recursive: true });
  writeFileSync(join(folder, 'pipelines/people.yaml'), PIPELINE);
  await server.start();
  queue = new Queue(name, { connection });
  events = new QueueEvents(name, { connection });
  await events.waitUntilReady();
});
after(async () => {
  await server.end('SIGTERM');
  await events.close();
  await queue.close();
  rmSync(folder, { recursive: true });
});

const finished = (job) => job.waitUntilFinished(events, 60000);
const failure = (job) => finished(job).then(
  (value) => assert.fail(`it completed: ${JSON.stringify(value)}`),
  (error) => error.message,
);

test('rows that Node adds are stored, and the outcome is what the job returns', async () => {
  const rows = [{ id: 1, email: 'ANN@example.org' }, { id: 2, email: 'no address' }, { id: 1, email: 'ann@example.org' }];
  const job = await queue.add('ingest', { pipeline: 'people', rows, metadata: { order: 7 } });
  const outcome = await finished(job);
  assert.equal(outcome.status, 'COMPLETED');
  assert.deepEqual(outcome.rows, { read: 3, inserted: 1, updated: 0, duplicate: 1, rejected: 1 });
  const stored = await server.get('/v1/pipelines/people/rows');
  assert.deepEqual(stored.items.map((row) => row.data), [{ id: 1, email: 'ann@example.org' }]);
  const shown = await server.get(`/v1/jobs/${outcome.jobId}`);
  assert.deepEqual(shown.metadata, { order: 7 });
  const seen = await queue.getJob(job.id);
  assert.equal(seen.progress.jobId, outcome.jobId);
  assert.deepEqual((await queue.getJobLogs(job.id)).logs, [`is job ${outcome.jobId}`]);
});

test('a file that lies in the blob store is taken by its URL', async () => {
  writeFileSync(join(folder, 'data/blobs/inbox/people.csv'), 'id,email\n11,eve@example.org\n12,bob@example.org\n');
  const outcome = await finished(await queue.add('ingest', { blob: 'file:inbox/people.csv' }));
  assert.deepEqual([outcome.pipeline, outcome.rows.inserted], ['people', 2]);
});

test('what is wrong with a request is said, and not tried again', async () => {
  const cases = [
    [{ pipelin: 'people', rows: [{}] }, /"pipelin".*pipeline/],
    [{ pipeline: 'people', rows: [{}], delay: 1 }, /no member "delay"/], // BullMQ's option, not ours
    [{ pipeline: 'people' }, /"blob".*or "rows"/],
    [{ pipeline: 'people', rows: [1] }, /row 1 is no JSON object/],
    [{ pipeline: 'people', rows: [] }, /no rows/],
    [{ rows: [{ id: 1 }] }, /rows need a "pipeline"/],
    [{ pipeline: 7, rows: [{ id: 1 }] }, /"pipeline" has to be a text/],
    [{ blob: 'file:../../etc/passwd' }, /not below/],
    [{ blob: 'http://example.org/x.csv' }, /unknown scheme/],
    ['people', /has to be an object/],
    [{ ['€'.repeat(40)]: 1 }, /no member/], // cut in the middle of a character, where it is quoted
    [{ blob: 'aéééééééééé:/x' }, /unknown scheme/],
    [{ pipeline: 'people', rows: [{}], metadata: { x: 'y'.repeat(70000) } }, /64 KiB/],
    [JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`), /nested more than 100 deep/],
  ];
  for (const [data, expected] of cases) {
    const job = await queue.add('ingest', data, { attempts: 3 });
    assert.match(await failure(job), expected, JSON.stringify(data));
    assert.equal((await queue.getJob(job.id)).attemptsMade, 1);
  }
});

test('what is not there yet is tried as often as its sender wants', async () => {
  const job = await queue.add('ingest', { blob: 'file:inbox/late.csv', pipeline: 'people' }, { attempts: 100, backoff: 50 });
  await until(async () => (await queue.getJob(job.id)).attemptsMade > 1, 'the second attempt');
  writeFileSync(join(folder, 'data/blobs/inbox/late.csv'), 'id,email\n21,lea@example.org\n');
  assert.equal((await finished(job)).rows.inserted, 1);
});

test('what cannot be read is no reason to stop, and others go on', async () => {
  const job = await queue.add('ingest', { blob: 'file:inbox/people.csv/x', pipeline: 'people' }, { attempts: 2 });
  const other = await queue.add('ingest', { pipeline: 'people', rows: [{ id: 25, email: 'o@example.org' }] });
  assert.equal((await finished(other)).rows.inserted, 1);
  assert.ok(await failure(job));
});

test('a job that fails is a failed job of BullMQ\'s; retried there, it goes on here', async () => {
  const place = join(folder, 'data/blobs/inbox/broken.json');
  writeFileSync(place, '[{"id":31,"email":"x@example.org"},{"id":32');
  const job = await queue.add('ingest', { blob: 'file:inbox/broken.json', pipeline: 'people' });
  const reason = await failure(job);
  assert.match(reason, /row 2|JSON/);
  const failed = await queue.getJob(job.id);
  assert.equal(await failed.getState(), 'failed');
  const again = new Promise((resolve) => events.on('active', ({ jobId }) => jobId === job.id && resolve()));
  await failed.retry();
  await again;
  await until(async () => (await (await queue.getJob(job.id)).getState()) === 'failed', 'its second end');
  const { items } = await server.get('/v1/jobs?status=FAILED');
  assert.equal(items.length, 1, 'the same job, not another one');
});

test('a cancelled job is a failed one, and is not tried again', async () => {
  await server.post(`/v1/queues/${name}-splits/pause`);
  const job = await queue.add('ingest', { pipeline: 'people', rows: [{ id: 41, email: 'a@b.org' }] }, { attempts: 3 });
  const jobId = await accepted(job);
  await server.post(`/v1/jobs/${jobId}/cancel`);
  assert.match(await failure(job), /was cancelled/);
  await server.post(`/v1/queues/${name}-splits/resume`);
  assert.equal((await queue.getJob(job.id)).attemptsMade, 1);
});

test('a request survives a server that is killed, and is answered once', async () => {
  const lines = Array.from({ length: 300000 }, (_, i) => `${i + 1000},p${i}@example.org`);
  writeFileSync(join(folder, 'data/blobs/inbox/many.csv'), `id,email\n${lines.join('\n')}\n`);
  const begun = new Promise((resolve) => events.on('progress', ({ data }) => data.rows.read > 0 && resolve()));
  const job = await queue.add('ingest', { blob: 'file:inbox/many.csv', pipeline: 'people' });
  const done = finished(job);
  await begun;
  await server.end('SIGKILL');
  assert.equal(await job.getState(), 'active');
  await server.start();
  const outcome = await done;
  assert.deepEqual([outcome.rows.read, outcome.rows.inserted, outcome.rows.rejected], [300000, 300000, 0]);
  assert.equal((await queue.getJob(job.id)).attemptsMade, 1);
});

const accepted = (job) => until(async () => (await queue.getJob(job.id)).progress?.jobId, 'its job');

test('a server that ends hands open requests back, and the next one answers them', async () => {
  await server.post(`/v1/queues/${name}-splits/pause`);
  const waiting = await queue.add('ingest', { pipeline: 'people', rows: [{ id: 51, email: 'a@b.org' }] });
  await accepted(waiting);
  assert.equal(await waiting.getState(), 'active');
  await server.end('SIGTERM');
  assert.equal(await waiting.getState(), 'waiting');
  await server.start();
  await server.post(`/v1/queues/${name}-splits/resume`);
  assert.equal((await finished(waiting)).rows.inserted, 1);
});

test('what ended while nobody answered is answered as it ended, and not run again', async () => {
  await server.post(`/v1/queues/${name}-splits/pause`);
  const job = await queue.add('ingest', { pipeline: 'people', rows: [{ id: 55, email: 'a@b.org' }] }, { attempts: 3 });
  const jobId = await accepted(job);
  await queue.pause(); // so that the server which comes next is asked to cancel before it can answer
  await server.end('SIGTERM');
  await server.start();
  await server.post(`/v1/jobs/${jobId}/cancel`);
  await queue.resume();
  assert.match(await failure(job), /was cancelled/);
  assert.equal((await server.get(`/v1/jobs/${jobId}`)).status, 'CANCELLED');
  await server.post(`/v1/queues/${name}-splits/resume`);
});

test('the API shows what waits in the queue of requests, and leaves steering it to BullMQ', async () => {
  const [splits, before] = (await server.get('/v1/queues')).items;
  assert.deepEqual([splits.name, splits.holds], [`${name}-splits`, 'splits']);
  assert.deepEqual([before.name, before.holds, before.paused], [name, 'requests', false]);
  assert.equal(before.failed, (await queue.getJobCounts('failed')).failed);
  await queue.pause();
  const rows = [{ id: 56, email: 'a@b.org' }];
  const jobs = [await queue.add('ingest', { pipeline: 'people', rows }), await queue.add('ingest', { pipeline: 'people', rows })];
  const later = await queue.add('ingest', { pipeline: 'people', rows }, { delay: 3600_000 });
  const [, shown] = (await server.get('/v1/queues')).items;
  assert.deepEqual([shown.paused, shown.waiting, shown.active, shown.delayed], [true, 2, 0, 1]);
  const answer = await fetch(`${server.url}/v1/queues/${name}/resume`, { method: 'POST' });
  assert.equal(answer.status, 400);
  assert.match((await answer.json()).detail, /belongs to the programs/);
  await later.remove();
  await queue.resume();
  for (const job of jobs) await finished(job);
});

test('a job scheduler of BullMQ\'s makes jobs here', async () => {
  writeFileSync(join(folder, 'data/blobs/inbox/tick.csv'), 'id,email\n61,t@example.org\n');
  const ended = [];
  events.on('completed', ({ jobId, returnvalue }) => jobId.startsWith('repeat:tick:') && ended.push(returnvalue));
  await queue.upsertJobScheduler('tick', { every: 300, limit: 3 }, { name: 'ingest', data: { blob: 'file:inbox/tick.csv', pipeline: 'people' } });
  await until(() => ended.length === 3, 'three runs');
  assert.deepEqual(ended.map((outcome) => outcome.rows.inserted + outcome.rows.duplicate), [1, 1, 1]);
  assert.equal(new Set(ended.map((outcome) => outcome.jobId)).size, 3);
});

test('every event is a job that a worker of Node\'s takes', async (t) => {
  const got = [];
  const worker = new Worker(`${name}-events`, async (job) => got.push([job.name, job.data]), { connection });
  t.after(() => worker.close());
  const outcome = await finished(await queue.add('ingest', { pipeline: 'people', rows: [{ id: 71, email: 'e@example.org' }] }));
  const ofJob = () => got.filter(([, event]) => event.subject === outcome.jobId);
  await until(() => ofJob().some(([what]) => what === 'job.completed'), 'job.completed', 40000);
  assert.deepEqual(ofJob().map(([what]) => what), ['job.started', 'rows.processed', 'job.completed']);
  const [, event] = ofJob()[2];
  assert.equal(event.specversion, '1.0');
  assert.equal(event.type, 'job.completed', 40000);
  assert.equal(event.data.rows.inserted, 1);
  assert.equal(got.length, new Set(got.map(([, { id }]) => id)).size, 'none came twice');
  const numbers = got.map(([, { sequence }]) => Number(sequence));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), 'in order');
});

test('metrics and counts are BullMQ\'s', async () => {
  const metrics = await queue.getMetrics('completed');
  const counts = await queue.getJobCounts();
  assert.equal(metrics.meta.count, counts.completed);
  assert.ok(counts.failed > 0);
  assert.equal(counts.active + counts.waiting + counts.delayed, 0);
});

test('after a Redis that lost everything a server starts, and takes what comes', async () => {
  const raw = redis();
  await raw.del(await raw.keys(`bull:${name}*`));
  const job = await queue.add('ingest', { pipeline: 'people', rows: [{ id: 57, email: 'a@b.org' }] });
  assert.equal((await finished(job)).rows.inserted, 1);
  await until(async () => raw.hexists(`bull:${name}:meta`, 'version'), 'whose it is');
  await raw.quit();
  await server.end('SIGTERM');
  await server.start();
});
