// What the tests share: the connection, queues of their own, and the program that speaks BullMQ for Sluice.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

const url = new URL(process.env.SLUICE_TEST_REDIS);
export const connection = { host: url.hostname, port: Number(url.port) };
export const ownName = (what) => `${what}-${randomUUID()}`;

export const redis = () => new Redis({ ...connection, maxRetriesPerRequest: null });

// Resolves as soon as `look` gives something; looks again whenever something may have changed.
export async function until(look, what, ms = 20000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export class Peer {
  constructor() {
    this.child = spawn(`${process.env.SLUICE_BUILD}/bin/sluice_bullmq_peer`, [process.env.SLUICE_TEST_REDIS], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.waiting = [];
    createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift()(JSON.parse(line)));
  }
  async ask(what, queue, more = {}) {
    const answered = new Promise((resolve) => this.waiting.push(resolve));
    this.child.stdin.write(`${JSON.stringify({ do: what, queue, ...more })}\n`);
    const { answer, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return answer;
  }
  // The next job, waited for as a worker waits.
  async take(queue, token = 'ours', more = {}) {
    return until(async () => {
      const { job } = await this.ask('take', queue, { token, ...more });
      if (!job) await this.ask('wait', queue, { ms: 100 });
      return job;
    }, `a job in ${queue}`);
  }
  close() {
    this.child.stdin.end();
  }
}
