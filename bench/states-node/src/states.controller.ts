import { InjectQueue } from '@nestjs/bull';
import { Body, Controller, Get, HttpCode, NotFoundException, Param, Post, Query } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Queue } from 'bull';
import type { Model } from 'mongoose';
import { BatchDto, type StateDto } from './batch.dto.js';
import { queueName } from './config.js';
import { State } from './state.schema.js';

@Controller('states')
export class StatesController {
  constructor(
    @InjectQueue(queueName) private readonly queue: Queue<{ states: StateDto[] }>,
    @InjectModel(State.name) private readonly states: Model<State>,
  ) {}

  @Post('batch')
  @HttpCode(202)
  async post(@Body() batch: BatchDto) {
    const job = await this.queue.add({ states: batch.states });
    return { jobId: String(job.id), accepted: batch.states.length };
  }

  @Get()
  async list(@Query('limit') limit = '100', @Query('cursor') cursor = '') {
    const size = Math.min(Math.max(Number(limit) || 100, 1), 1000);
    const items = await this.states
      .find(cursor ? { name: { $gt: cursor } } : {}, { _id: 0, name: 1, population: 1, updatedAt: 1 })
      .sort({ name: 1 })
      .limit(size)
      .lean();
    return { items, next: items.length === size ? items[size - 1].name : null };
  }

  @Get('queue')
  health() {
    return this.queue.getJobCounts();
  }

  @Get('jobs/:id')
  async job(@Param('id') id: string) {
    const job = await this.queue.getJob(id);
    if (!job) throw new NotFoundException(`There is no job ${id}`);
    return { id: String(job.id), status: await job.getState(), attempts: job.attemptsMade, error: job.failedReason ?? null };
  }
}
