export { serve, type RunningServer, type ServeOptions } from './server.js'
export type { Limits } from './api/limits.js'
export type { Timeouts } from './api/timeouts.js'
export { type Access, type AccessKey, type RateLimits, readAccess } from './edge/access.js'
export type { Budget, Level, RateLimiter, Taken, Use } from './edge/rate-limiter.js'
export { MemoryRateLimiter, type MemoryRateLimiterOptions } from './edge/memory-rate-limiter.js'
export { type Logger, type LoggerOptions, type LogLevel, createLogger, logLevels } from './observe/logger.js'
export type { ChatMessage, ServedCodec, ServedModel } from './api/served-model.js'

export { Engine, type EngineStatus } from './engine/engine.js'
export type { PrefixStatus } from './engine/prefix/prefix-reuse.js'
export {
  type RunningText,
  type TextEngine,
  type TextRequest,
  type TextTools,
  textEngine,
} from './engine/text-engine.js'
export { type EnginePort, hostEngine } from './thread/host-engine.js'
export { type EngineThread, ThreadEngine, type ThreadEngineOptions } from './thread/thread-engine.js'
export type { EngineOptions } from './engine/engine-options.js'
export type {
  BeginEvent,
  DrawnToken,
  FinishReason,
  Job,
  JobEvent,
  JobRequest,
  PromptToken,
  SavedEvent,
} from './engine/job.js'

export type { TokenConstraint } from './grammar/token-constraint.js'
export { createConstraints } from './grammar/create-constraints.js'
export type { TokenCodec } from './grammar/vocabulary-of.js'

export {
  EngineClosedError,
  EngineThreadError,
  GrammarDeadEndError,
  QueueFullError,
  ServeArgumentError,
} from './errors.js'

export { findModel, publishModel } from './cluster/model-record.js'
export { localStores, type LocalStoresOptions } from './stores/local-stores.js'
export { memoryStores, type MemoryStoresOptions } from './stores/memory/memory-stores.js'
export type { Clock } from './stores/common/clock.js'
export { DiskStates } from './stores/disk/disk-states.js'
export type * from './stores/contract.js'
export type { ModelFacts } from './api/context.js'
export { FencedError, LogGoneError, LogOrderError, ScopeBusyError, StoreError } from './stores/errors.js'
