// What the API and the worker both connect to.
import { BullModule } from '@nestjs/bull';
import { MongooseModule } from '@nestjs/mongoose';
import { mongoUrl, queueName, redisUrl } from './config.js';
import { State, StateSchema } from './state.schema.js';

export const connections = [
  MongooseModule.forRoot(mongoUrl),
  MongooseModule.forFeature([{ name: State.name, schema: StateSchema }]),
  BullModule.forRoot({ url: redisUrl }),
  BullModule.registerQueue({
    name: queueName,
    defaultJobOptions: {
      attempts: 5,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: { age: 3600, count: 1000 },
    },
  }),
];
