/** From a turn that has begun to the response, whole or as a stream. */
import { type Frame, eventStream } from '../http/event-stream.js'
import { EngineClosedError } from '../errors.js'
import type { RunningTurn } from '../turns/running-turn.js'
import type { LogEntry } from '../turns/turn.js'
import { toApiError } from './api-error.js'
import type { Begun } from './begin.js'
import type { ApiContext } from './context.js'
import { streamHeader, streamId } from './streams/stream-id.js'
import { Watch } from './watch.js'
import { Wording } from './wording.js'

/** `signal` fires when the client has gone. */
export async function respondWhole(
  context: ApiContext,
  { running, view }: Begun,
  signal: AbortSignal,
): Promise<Response> {
  using _ = cancelling(running, signal)
  using watch = new Watch(context.scope.record, running, context.timeouts)
  const wording = new Wording(view, context.served.codec, true)
  for await (const group of running.entries()) {
    for (const entry of group) {
      watch.see(entry)
      wording.take(entry)
    }
  }
  return Response.json(wording.whole())
}

export function respondStream(context: ApiContext, begun: Begun, signal: AbortSignal): Response {
  const { running, view } = begun
  const { record, hangUp } = context.scope
  const stopListening = view.resumable ? null : cancelling(running, signal)
  record.isStream = true
  const watch = new Watch(record, running, context.timeouts)
  const wording = new Wording(view, context.served.codec, false)
  // who can come back is not told that the text ends because the server does
  const onClosed = view.resumable ? hangUp : null
  const frames = framesOf({ id: running.id, wording, groups: running.entries(), watch, onClosed }, () => {
    stopListening?.[Symbol.dispose]()
  })
  const onGone = () => (view.resumable ? undefined : void running.cancel())
  const response = eventStream(frames, { ...context.limits, onGone, hangUp })
  if (view.resumable) {
    response.headers.set(streamHeader, streamId(running))
    context.scope.admission.outlive(async () => {
      const tokens = await running.tokensOfRest()
      return tokens === null ? null : tokens + (record.generation?.promptTokens ?? 0)
    })
  }
  return response
}

export interface WordedStream {
  readonly id: string
  readonly wording: Wording
  readonly groups: AsyncIterable<readonly LogEntry[]>
  readonly watch: Watch | null
  /** Events that the client has. */
  readonly skip?: number
  /** Called in place of telling that the server ends. */
  readonly onClosed?: (() => void) | null
}

/** All chunks of a stream, each with its number as id, in groups that are ready together. */
export async function* framesOf(
  { id, wording, groups, watch, skip = 0, onClosed = null }: WordedStream,
  onEnd: () => void = () => {},
): AsyncGenerator<Frame[], void> {
  let count = 0
  const number = (chunks: readonly object[]): Frame[] => {
    const first = count
    count += chunks.length
    return chunks.map((data, at) => ({ id: `${id}:${first + at}`, data })).slice(Math.max(0, skip - first))
  }
  try {
    yield number(wording.opening())
    for await (const group of groups) {
      for (const entry of group) watch?.see(entry)
      yield number(group.flatMap((entry) => wording.take(entry)))
    }
  } catch (error) {
    const known = toApiError(error)
    watch?.failed(known)
    if (onClosed && error instanceof EngineClosedError) onClosed()
    else yield number([known.body])
  } finally {
    watch?.[Symbol.dispose]()
    onEnd()
  }
}

/** Cancels the turn when the client goes, until it is disposed of. */
export function cancelling(running: RunningTurn, signal: AbortSignal): Disposable {
  const cancel = () => void running.cancel()
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', cancel) }
}
