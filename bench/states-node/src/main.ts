// One API process and one worker process on two cores, more by API_PROCESSES and WORKER_PROCESSES; a dead one is replaced.
import 'reflect-metadata';
import cluster from 'node:cluster';
import { startApi } from './api.js';
import { startWorker } from './worker.js';

const roles = [
  ...Array<string>(Number(process.env.API_PROCESSES ?? 1)).fill('api'),
  ...Array<string>(Number(process.env.WORKER_PROCESSES ?? 1)).fill('worker'),
];

function fork(role: string): void {
  cluster.fork({ ROLE: role }).once('exit', () => {
    if (!stopping) fork(role);
  });
}

let stopping = false;
if (cluster.isPrimary) {
  for (const role of roles) fork(role);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopping = true;
      for (const child of Object.values(cluster.workers ?? {})) child?.process.kill('SIGTERM');
    });
  }
} else {
  await (process.env.ROLE === 'api' ? startApi() : startWorker());
}
