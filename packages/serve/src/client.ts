export { Client, type ListOptions, type SessionsClient, type SnapshotsClient } from './client/client.js'
export type { ClientOptions } from './client/http.js'
export type { Session } from './client/session.js'
export type { TextStream } from './client/text-stream.js'
export type {
  CallOptions,
  Completion,
  Message,
  Page,
  Prompt,
  SessionInfo,
  SessionPlace,
  SnapshotInfo,
  TextChunk,
  TextOptions,
  Usage,
} from './client/types.js'
export {
  AccessError,
  ConflictError,
  ConnectionError,
  LimitError,
  NotFoundError,
  RequestError,
  UnavailableError,
} from './client/errors.js'
