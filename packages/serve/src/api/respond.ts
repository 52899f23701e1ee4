/** From a turn that has begun to the response, whole or as a stream. */
import { type Frame, eventStream } from '../http/event-stream.js'
import type { RunningTurn } from '../turns/running-turn.js'
import { toApiError } from './api-error.js'
import type { Begun } from './begin.js'
import type { ApiContext } from './context.js'
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
  const { running } = begun
  const stopListening = cancelling(running, signal)
  context.scope.record.isStream = true
  const watch = new Watch(context.scope.record, running, context.timeouts)
  const frames = framesOf(context, begun, watch, () => stopListening[Symbol.dispose]())
  return eventStream(frames, { ...context.limits, onGone: () => void running.cancel(), hangUp: context.scope.hangUp })
}

/** All chunks of a stream, each with its number as id, in groups that are ready together. */
async function* framesOf(
  { served }: ApiContext,
  { running, view }: Begun,
  watch: Watch,
  onEnd: () => void,
): AsyncGenerator<Frame[], void> {
  const wording = new Wording(view, served.codec, false)
  let count = 0
  const number = (chunks: readonly object[]): Frame[] =>
    chunks.map((data) => ({ id: `${running.id}:${count++}`, data }))
  try {
    yield number(wording.opening())
    for await (const group of running.entries()) {
      for (const entry of group) watch.see(entry)
      yield number(group.flatMap((entry) => wording.take(entry)))
    }
  } catch (error) {
    const known = toApiError(error)
    watch.failed(known)
    yield number([known.body])
  } finally {
    watch[Symbol.dispose]()
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
