export { redisStores, type RedisStoresOptions } from './stores/redis/redis-stores.js'
