import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { port } from './config.js';
import { connections } from './shared.js';
import { StatesController } from './states.controller.js';

@Module({ imports: connections, controllers: [StatesController] })
class ApiModule {}

export async function startApi(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(ApiModule, { logger: ['error', 'warn'] });
  app.useBodyParser('json', { limit: '4mb' });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  app.enableShutdownHooks();
  await app.listen(port, '127.0.0.1');
}
