import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connections } from './shared.js';
import { StatesProcessor } from './states.processor.js';

@Module({ imports: connections, providers: [StatesProcessor] })
class WorkerModule {}

export async function startWorker(): Promise<void> {
  const app = await NestFactory.createApplicationContext(WorkerModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
}
