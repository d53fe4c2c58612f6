// BullMQ's protocol in both directions: what one side adds the other works on, and each sees the other's work.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Job, Queue, QueueEvents, Worker } from 'bullmq';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { Peer, connection, ownName, redis, until } from './peer.mjs';

let ours;
before(() => {
  ours = new Peer();
});
after(() => ours.close());

// A queue of Node's that is closed at the end of the test, with everything else that is opened for it.
function world(t, what) {
  const name = ownName(what);
  const opened = [];
  const keep = (thing) => {
    thing.on?.('error', () => {});
    opened.unshift(thing);
    return thing;
  };
  t.after(async () => {
    for (const thing of opened) await thing.close();
  });
  return {
    name,
    queue: keep(new Queue(name, { connection })),
    events: () => keep(new QueueEvents(name, { connection })),
    worker: (work, options = {}) => keep(new Worker(name, work, { connection, ...options })),
  };
}

// ---------------------------------------------------------------- added by Node, worked on by ours

test('a job of Node\'s is taken, reported on and completed, and Node is told', async (t) => {
  const { name, queue, events } = world(t, 'complete');
  const watching = events();
  await watching.waitUntilReady();
  const progress = [];
  watching.on('progress', ({ data }) => progress.push(data));
  const job = await queue.add('greet', { to: 'Ann', grüße: '„quoted“' });
  const taken = await ours.take(name);
  assert.equal(taken.id, job.id);
  assert.equal(taken.name, 'greet');
  assert.deepEqual(taken.data, { to: 'Ann', grüße: '„quoted“' });
  assert.equal(await job.getState(), 'active');
  await ours.ask('progress', name, { id: job.id, value: { rows: 7 } });
  await ours.ask('log', name, { id: job.id, line: 'first line' });
  await ours.ask('log', name, { id: job.id, line: 'second line' });
  const finished = job.waitUntilFinished(watching, 20000);
  assert.equal(await ours.ask('complete', name, { id: job.id, value: { stored: 7 } }), true);
  assert.deepEqual(await finished, { stored: 7 });
  const seen = await queue.getJob(job.id);
  assert.equal(await seen.getState(), 'completed');
  assert.deepEqual(seen.returnvalue, { stored: 7 });
  assert.deepEqual(seen.progress, { rows: 7 });
  assert.equal(seen.attemptsMade, 1);
  assert.equal(seen.processedBy, 'peer');
  assert.deepEqual((await queue.getJobLogs(job.id)).logs, ['first line', 'second line']);
  await until(() => progress.length > 0, 'the progress event');
  assert.deepEqual(progress[0], { rows: 7 });
  assert.deepEqual((await queue.getMetrics('completed')).meta.count, 1);
});

test('priorities, order, lifo and delay are kept', async (t) => {
  const { name, queue } = world(t, 'order');
  await queue.add('plain', 1);
  await queue.add('plain', 2);
  await queue.add('low', 3, { priority: 10 });
  await queue.add('high', 4, { priority: 1 });
  await queue.add('lifo', 5, { lifo: true });
  const due = Date.now() + 700;
  await queue.add('late', 6, { delay: 700 });
  const order = [];
  for (let i = 0; i < 6; ++i) {
    const job = await ours.take(name);
    order.push(job.data);
    await ours.ask('complete', name, { id: job.id, value: null });
    if (job.data === 6) assert.ok(Date.now() >= due - 1, 'not before its time');
  }
  assert.deepEqual(order, [5, 1, 2, 4, 3, 6]);
});

test('a failed attempt comes again after its back-off, and fails for good after the last', async (t) => {
  const { name, queue, events } = world(t, 'retry');
  const watching = events();
  await watching.waitUntilReady();
  const job = await queue.add('flaky', {}, { attempts: 3, backoff: { type: 'exponential', delay: 40 } });
  const finished = job.waitUntilFinished(watching, 20000).then(
    () => 'completed',
    (error) => error.message,
  );
  const began = [];
  for (const reason of ['first', 'second', 'third']) {
    assert.equal((await ours.take(name)).id, job.id);
    began.push(Date.now());
    assert.equal(await ours.ask('fail', name, { id: job.id, reason }), true);
  }
  assert.equal(await finished, 'third');
  assert.ok(began[1] - began[0] >= 39, 'the first wait');
  assert.ok(began[2] - began[1] >= 79, 'the second is twice as long');
  const failed = await queue.getJob(job.id);
  assert.equal(await failed.getState(), 'failed');
  assert.equal(failed.attemptsMade, 3);
  assert.equal(failed.failedReason, 'third');

  // Node's dead letter, replayed by Node.
  await failed.retry();
  assert.equal((await ours.take(name)).id, job.id);
  await ours.ask('complete', name, { id: job.id, value: 'at last' });
  assert.equal((await queue.getJob(job.id)).returnvalue, 'at last');
});

test('without attempts, or where ours says so, the first failure is the last; fixed back-off and none at all', async (t) => {
  const { name, queue } = world(t, 'fail');
  const once = await queue.add('once', {});
  await ours.take(name);
  await ours.ask('fail', name, { id: once.id, reason: 'no' });
  assert.equal(await once.getState(), 'failed');

  const hopeless = await queue.add('hopeless', {}, { attempts: 5 });
  await ours.take(name);
  await ours.ask('fail', name, { id: hopeless.id, reason: 'the data are wrong', last: true });
  assert.equal(await hopeless.getState(), 'failed');

  const fixed = await queue.add('fixed', {}, { attempts: 2, backoff: { type: 'fixed', delay: 5000, jitter: 0.5 } });
  await ours.take(name);
  await ours.ask('fail', name, { id: fixed.id, reason: 'later' });
  assert.equal(await fixed.getState(), 'delayed');
  const { delay } = await queue.getJob(fixed.id);
  assert.ok(delay >= 2500 && delay <= 5000, `half of it is jitter: ${delay}`);
  await (await queue.getJob(fixed.id)).promote();
  assert.equal((await ours.take(name)).id, fixed.id);
  await ours.ask('complete', name, { id: fixed.id, value: null });

  const atOnce = await queue.add('at once', {}, { attempts: 2 });
  await ours.take(name);
  await ours.ask('fail', name, { id: atOnce.id, reason: 'again' });
  assert.equal(await atOnce.getState(), 'waiting');

  const custom = await queue.add('custom', {}, { attempts: 2, backoff: { type: 'mine' } });
  await ours.take(name); // the one before
  await ours.take(name);
  await ours.ask('fail', name, { id: custom.id, reason: 'whose?' });
  assert.equal(await custom.getState(), 'failed', 'a back-off that is a function of another program');
});

test('what a job says of its retention is kept, and the queue\'s own where it says nothing', async (t) => {
  const { name, queue } = world(t, 'retention');
  const gone = await queue.add('gone', {}, { removeOnComplete: true });
  const kept = await queue.add('kept', {});
  const newest = await queue.add('newest', {}, { removeOnComplete: { count: 1 } });
  for (const job of [gone, kept, newest]) {
    await ours.take(name);
    await ours.ask('complete', name, { id: job.id, value: null });
    if (job === gone) assert.equal(await queue.getJob(gone.id), undefined);
    if (job === kept) assert.equal(await kept.getState(), 'completed');
  }
  assert.deepEqual((await queue.getCompleted()).map((job) => job.id), [newest.id]);
  const failing = await queue.add('failing', {}, { removeOnFail: true });
  await ours.take(name);
  await ours.ask('fail', name, { id: failing.id, reason: 'no' });
  assert.equal(await queue.getJob(failing.id), undefined);
});

test('custom ids and deduplication hold against jobs of either side', async (t) => {
  const { name, queue } = world(t, 'dedup');
  await queue.add('a', 1, { jobId: 'order-1' });
  assert.deepEqual(await ours.ask('add', name, { jobs: [{ id: 'order-1', name: 'b', data: 2 }] }), ['order-1']);
  const first = await queue.add('c', 3, { deduplication: { id: 'nightly' } });
  const [same] = await ours.ask('add', name, { jobs: [{ name: 'd', data: 4, options: { de: { id: 'nightly' } } }] });
  assert.equal(same, first.id);
  assert.equal(await queue.getDeduplicationJobId('nightly'), first.id);
  assert.equal((await queue.getJobCounts('waiting')).waiting, 2);
  for (const data of [1, 3]) {
    const job = await ours.take(name);
    assert.equal(job.data, data);
    await ours.ask('complete', name, { id: job.id, value: null });
  }
  const again = await queue.add('e', 5, { deduplication: { id: 'nightly' } });
  assert.notEqual(again.id, first.id, 'it is free again when its job has ended');
});

test('a job scheduler of Node\'s goes on while ours does the work', async (t) => {
  const { name, queue } = world(t, 'scheduler');
  await queue.upsertJobScheduler('often', { every: 150, limit: 3 }, { name: 'tick', data: { n: 1 }, opts: { attempts: 2 } });
  for (let i = 0; i < 3; ++i) {
    const job = await ours.take(name);
    assert.equal(job.name, 'tick');
    assert.deepEqual(job.data, { n: 1 });
    assert.equal(JSON.parse(job.fields.opts).attempts, 2);
    await ours.ask('complete', name, { id: job.id, value: null });
  }
  assert.equal(await queue.getDelayedCount(), 0, 'the third was the last');

  await queue.upsertJobScheduler('cron', { pattern: '*/1 * * * * *', tz: 'Europe/Berlin' }, { name: 'second' });
  const seconds = [];
  for (let i = 0; i < 3; ++i) {
    const job = await ours.take(name);
    seconds.push(Number(job.id.split(':').pop()));
    await ours.ask('complete', name, { id: job.id, value: null });
  }
  assert.deepEqual([seconds[1] - seconds[0], seconds[2] - seconds[1]], [1000, 1000]);
  const scheduler = await queue.getJobScheduler('cron');
  assert.equal(scheduler.iterationCount, 4);
  await queue.removeJobScheduler('cron');
});

// ---------------------------------------------------------------- added by ours, worked on by Node

test('jobs of ours of every kind are worked on by a worker of Node\'s', async (t) => {
  const { name, worker, queue } = world(t, 'node-works');
  const done = [];
  await ours.ask('add', name, {
    jobs: [
      { name: 'plain', data: { n: 1 } },
      { name: 'plain', data: { n: 2 } },
      { name: 'low', data: { n: 4 }, priority: 9 },
      { name: 'high', data: { n: 3 }, priority: 2 },
      { name: 'late', data: { n: 5 }, delay: 500 },
    ],
  });
  assert.deepEqual(await ours.ask('counts', name), { waiting: 4, active: 0, delayed: 1, paused: false });
  assert.deepEqual(await queue.getJobCounts('wait', 'prioritized', 'delayed'), { wait: 2, prioritized: 2, delayed: 1 });
  worker(async (job) => done.push(job.data.n));
  await until(() => done.length === 5, 'five jobs');
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
});

test('a worker of Node\'s retries a job of ours as its options say', async (t) => {
  const { name, worker, queue } = world(t, 'node-retries');
  const [id] = await ours.ask('add', name, {
    jobs: [{ name: 'flaky', data: {}, options: { attempts: 2, backoff: { type: 'fixed', delay: 20 } } }],
  });
  let tries = 0;
  worker(async () => {
    if (++tries === 1) throw new Error('once');
    return tries;
  });
  const job = await until(async () => {
    const seen = await queue.getJob(id);
    return (await seen.getState()) === 'completed' && seen;
  }, 'its end');
  assert.equal(job.returnvalue, 2);
});

// ---------------------------------------------------------------- both

test('a pause by either side holds for both', async (t) => {
  const { name, queue } = world(t, 'pause');
  await queue.pause();
  await queue.add('a', 1);
  assert.equal((await ours.ask('counts', name)).paused, true);
  assert.equal((await ours.ask('take', name)).job, null);
  await ours.ask('pause', name, { paused: false });
  assert.equal(await queue.isPaused(), false);
  assert.equal((await ours.take(name)).data, 1);
  await ours.ask('pause', name, { paused: true });
  assert.equal(await queue.isPaused(), true);
  await queue.resume();
  assert.equal((await ours.ask('counts', name)).paused, false);
});

test('a job that a dead worker of ours had is recovered by Node\'s, and the other way round', async (t) => {
  const { name, queue, worker } = world(t, 'stalled');
  await queue.add('left', 1);
  const left = await ours.take(name, 'dead', { lock: 1 });
  const done = [];
  const node = worker(async (job) => done.push(job.data), { stalledInterval: 50, maxStalledCount: 5 });
  await until(() => done.length === 1, 'Node takes it up');
  assert.equal(await ours.ask('complete', name, { id: left.id, token: 'dead', value: null }), false);
  await node.close();

  // Node's worker does not renew, and does not come back.
  let release;
  const stuck = worker(() => new Promise((resolve) => { release = resolve; }), {
    lockDuration: 50, skipLockRenewal: true, skipStalledCheck: true, stalledInterval: 60000,
  });
  await queue.add('left', 2);
  await until(() => release, 'Node has it');
  const taken = await until(async () => {
    await ours.ask('recover', name);
    return (await ours.ask('take', name, { token: 'alive' })).job;
  }, 'ours takes it up');
  assert.equal(taken.data, 2);
  assert.equal(await ours.ask('extend', name, { id: taken.id, token: 'alive' }), true);
  assert.equal(await ours.ask('extend', name, { id: taken.id, token: 'another' }), false);
  assert.equal(await ours.ask('complete', name, { id: taken.id, token: 'alive', value: 'ours' }), true);
  release('too late');
  await stuck.close();
  assert.equal((await queue.getJob(taken.id)).returnvalue, 'ours');
});

test('a job that Node has found stalled too often is handed out with that to say', async (t) => {
  const { name, queue, worker } = world(t, 'too-often');
  await queue.add('left', 1);
  await ours.take(name, 'dead', { lock: 1 });
  const held = worker(async () => {}, { stalledInterval: 30, maxStalledCount: 0, autorun: false });
  await held.startStalledCheckTimer();
  const job = await ours.take(name, 'next');
  assert.match(job.fields.defa, /stalled more than allowable limit/);
});

test('a lock that has run out changes nothing, whoever tries', async (t) => {
  const { name, queue } = world(t, 'locks');
  const job = await queue.add('a', 1);
  await ours.take(name, 'mine');
  for (const what of [['complete', { value: null }], ['fail', { reason: 'x' }], ['putBack', { ms: 1 }]])
    assert.equal(await ours.ask(what[0], name, { id: job.id, token: 'not mine', ...what[1] }), false);
  assert.equal(await job.getState(), 'active');
  assert.equal(await ours.ask('putBack', name, { id: job.id, token: 'mine', ms: 60000 }), true);
  assert.equal(await job.getState(), 'delayed');
  assert.equal((await queue.getJob(job.id)).attemptsMade, 0, 'waiting is no attempt');
});

test('a board shows the queue with its counts', async (t) => {
  const { name, queue } = world(t, 'board');
  await ours.ask('add', name, { jobs: [{ name: 'a', data: 1 }, { name: 'b', data: 2 }, { name: 'c', data: 3, delay: 60000 }] });
  await ours.take(name);
  await ours.ask('complete', name, { id: '1', value: null });
  const adapter = new BullMQAdapter(queue);
  createBullBoard({ queues: [adapter], serverAdapter: new Proxy({}, { get: (_, __, self) => () => self }) });
  const counts = await adapter.getJobCounts();
  assert.equal(counts.completed, 1);
  assert.equal(counts.waiting, 1);
  assert.equal(counts.delayed, 1);
  const [shown] = await adapter.getJobs(['completed'], 0, 10);
  assert.equal(shown.name, 'a');
});

test('BullMQ\'s own jobs of another major version are refused', async (t) => {
  const name = ownName('older');
  const raw = redis();
  t.after(() => raw.quit());
  await raw.hset(`bull:${name}:meta`, 'version', 'bullmq:5.34.0');
  await assert.rejects(ours.ask('counts', name), /BullMQ bullmq:5\.34\.0/);
});
