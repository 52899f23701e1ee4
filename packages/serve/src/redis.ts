export { redisRateLimiter, type RedisRateLimiterOptions } from './stores/redis/redis-rate-limiter.js'
export { redisStores, type RedisStoresOptions } from './stores/redis/redis-stores.js'
