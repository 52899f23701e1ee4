/** Follows each request from its first byte to its last, and tells metrics, logs and traces of it when it has ended. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { requestIdOf } from '../edge/request-id.js'
import type { Logger } from './logger.js'
import type { Metrics } from './metrics.js'
import { logFailure, logRequest } from './request-log.js'
import { RequestRecord } from './request-record.js'
import type { Tracing } from './tracing.js'

export interface Observer {
  begin(incoming: IncomingMessage, outgoing: ServerResponse): RequestRecord
}

export interface ObserverParts {
  readonly metrics: Metrics
  readonly logger: Logger | null
  readonly tracing: Tracing | null
}

export function createObserver({ metrics, logger, tracing }: ObserverParts): Observer {
  return {
    begin(incoming, outgoing) {
      const given = incoming.headers['x-request-id']
      const record = new RequestRecord(requestIdOf(String(given ?? '')), incoming.method ?? '', metrics)
      outgoing.setHeader('x-request-id', record.id)
      outgoing.once('close', () => record.end(outgoing.statusCode, outgoing.writableFinished))
      record.onEnd(() => {
        metrics.ended(record)
        if (logger) logRequest(logger, record)
        if (tracing) trace(tracing, record, incoming, logger)
      })
      return record
    },
  }
}

/** What an SDK behind it may do wrong must not end the server. */
function trace(tracing: Tracing, record: RequestRecord, { headers }: IncomingMessage, logger: Logger | null): void {
  try {
    tracing.ended(record, headers)
  } catch (error) {
    if (logger) logFailure(logger, error)
  }
}
