/** The measurements. Candidates take turns, so that a busy moment of the machine meets all of them; the best turn counts. */
import type { Model } from '@retnet/core'
import type { Candidate } from './candidates.ts'

/** A piece of work and how many tokens it handles. */
export interface Task {
  readonly name: string
  readonly tokens: number
  readonly run: () => Promise<void>
}

/** Tokens per second of each task, by name. `now`: milliseconds, of the clock unless a caller has others. */
export async function compare(
  tasks: readonly Task[],
  repetitions: number,
  now: () => number = () => performance.now(),
): Promise<Map<string, number>> {
  const best = new Map<string, number>()
  for (const { run } of tasks) await run()
  for (let turn = 0; turn < repetitions; turn++) {
    for (const { name, tokens, run } of tasks) {
      const begin = now()
      await run()
      const rate = (tokens / (now() - begin)) * 1000
      best.set(name, Math.max(best.get(name) ?? 0, rate))
    }
  }
  return best
}

/** One token after another, each with its logits. */
export async function decodeTask({ name, loaded, tokens }: Candidate): Promise<Task> {
  const state = await loaded.model.createState()
  return { name, tokens, run: () => decode(loaded.model, state, tokens) }
}

type State = Awaited<ReturnType<Model['createState']>>

async function decode(model: Model, state: State, tokens: number): Promise<void> {
  for (let at = 0; at < tokens; at++) await model.next(state, idAt(at))
}

/** A text taken in as the model does it, and the same text one token at a time. */
export async function prefillTasks({ name, loaded: { model } }: Candidate): Promise<Task[]> {
  const chunks = Int32Array.from({ length: 1024 }, (_, at) => idAt(at))
  const state = await model.createState()
  const single = async () => {
    for (const id of chunks.subarray(0, 64)) await model.consume(state, [id])
  }
  return [
    { name: `${name}, by chunks`, tokens: chunks.length, run: () => model.consume(state, chunks) },
    { name: `${name}, token by token`, tokens: 64, run: single },
  ]
}

/** Decoding after a short and after a long text. */
export async function positionTasks(
  { loaded: { model } }: Candidate,
  positions: readonly number[],
): Promise<(Task & { readonly stateBytes: number })[]> {
  return Promise.all(
    positions.map(async (position) => {
      const state = await model.createState()
      await model.consume(
        state,
        Int32Array.from({ length: position }, (_, at) => idAt(at)),
      )
      const tokens = 64
      return { name: `at token ${position}`, tokens, stateBytes: state.bytes, run: () => decode(model, state, tokens) }
    }),
  )
}

// any ids will do, as long as they vary
function idAt(at: number): number {
  return 1 + ((at * 7919) % 4000)
}
