export const port = Number(process.env.PORT ?? 3000);
export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
export const mongoUrl = process.env.MONGO_URL ?? 'mongodb://127.0.0.1:27017/states';
export const concurrency = Number(process.env.WORKER_CONCURRENCY ?? 1);
export const queueName = 'states';
