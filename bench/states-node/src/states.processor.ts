import { Process, Processor } from '@nestjs/bull';
import { InjectModel } from '@nestjs/mongoose';
import type { Job } from 'bull';
import type { Model } from 'mongoose';
import type { StateDto } from './batch.dto.js';
import { concurrency, queueName } from './config.js';
import { State } from './state.schema.js';

@Processor(queueName)
export class StatesProcessor {
  constructor(@InjectModel(State.name) private readonly states: Model<State>) {}

  @Process({ concurrency })
  async aggregate(job: Job<{ states: StateDto[] }>): Promise<void> {
    const sums = new Map<string, number>();
    for (const { name, population } of job.data.states) sums.set(name, (sums.get(name) ?? 0) + population);
    await this.states.bulkWrite(
      Array.from(sums, ([name, population]) => ({
        updateOne: { filter: { name }, update: { $inc: { population } }, upsert: true },
      })),
      { ordered: false },
    );
  }
}
