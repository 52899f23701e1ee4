import { type SnapshotIdentity, decodeSnapshot, encodeSnapshot } from '@retnet/core'
import { EngineClosedError } from '../../errors.js'
import type { JobEvent } from '../../engine/job.js'
import { Outlet } from '../../engine/outlet.js'
import type { RunningText, TextEngine, TextRequest } from '../../engine/text-engine.js'
import type { SimProcess } from './process.js'

export const VOCABULARY = 1000
/** A text with this seed fails after `FAILS_AFTER` tokens, wherever it is written. */
export const FAILING_SEED = 13
export const FAILS_AFTER = 3
/** A text with this seed is the end of every process that writes it, after as many tokens. */
export const DEADLY_SEED = 666

export class FakeModelError extends Error {}

/** The token that follows: of all tokens before it and the seed, so that a single one lost or doubled changes all after it. */
export function nextToken(history: readonly number[], seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (const token of [...history, history.length]) hash = Math.imul(hash ^ token, 0x01000193)
  return (hash >>> 0) % VOCABULARY
}

export const identity: SnapshotIdentity = { weights: 'w', spec: 's' }

/** A state is the tokens that it has taken in, in the bytes of a session. */
export function encodeState(history: readonly number[]): Uint8Array {
  const tensor = (values: readonly number[]) => ({ shape: [values.length], data: Int32Array.from(values) })
  const tensors = { history: tensor(history), 'session.pending': tensor(history.slice(-1)) }
  return encodeSnapshot({ identity, position: history.length, tensors })
}

export function decodeState(bytes: Uint8Array): number[] {
  return [...decodeSnapshot(bytes).tensors.history.data]
}

export interface FakeEngineOptions {
  readonly rows: number
  /** Milliseconds between two tokens of a text. */
  readonly stepMs: number
}

/** An engine as the turns see it, without a model. It is a part of its process, and is killed with it. */
export function fakeEngine(
  process: SimProcess,
  { rows, stepMs }: FakeEngineOptions,
): TextEngine & { readonly texts: number } {
  const texts = new Set<FakeText>()
  let closed = false
  const waiting: (() => void)[] = []
  const free = (text: FakeText): void => {
    texts.delete(text)
    for (const wake of waiting.splice(0)) wake()
  }
  const begin = (request: TextRequest): FakeText => {
    const text = new FakeText(request, process, stepMs, () => free(text))
    texts.add(text)
    return text
  }
  return {
    facts: {
      identity,
      vocabSize: VOCABULARY,
      stateBytes: 0,
      width: 1,
      stateShapes: {},
      weightBytes: 0,
    },
    isUp: true,
    get status() {
      return { rows, running: texts.size, waiting: 0 }
    },
    work: { steps: 0, seconds: 0, rows: 0 },
    get texts() {
      return texts.size
    },
    get room() {
      return closed ? 0 : Math.max(0, rows - texts.size)
    },
    async whenRoom() {
      if (texts.size >= rows) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    async submit(requests) {
      if (closed) throw new EngineClosedError()
      return requests.map(begin)
    },
    abort() {
      closed = true
      for (const text of texts) text.fail(new EngineClosedError())
    },
  }
}

class FakeText implements RunningText {
  readonly events: Outlet<JobEvent>
  readonly #request: TextRequest
  readonly #process: SimProcess
  readonly #stepMs: number
  readonly #free: () => void
  readonly #history: number[]
  #drawn: number
  #begun = false
  #over = false

  constructor(request: TextRequest, process: SimProcess, stepMs: number, free: () => void) {
    const { start, prompt, given } = request
    const { drawn = [], inStart = 0 } = given ?? {}
    this.#request = request
    this.#process = process
    this.#stepMs = stepMs
    this.#free = free
    this.#history = [...(start ? decodeState(start) : []), ...Array.from(prompt), ...drawn.slice(inStart)]
    this.#drawn = drawn.length
    this.events = new Outlet(8, () => this.#plan())
    this.#plan()
  }

  cancel(): void {
    this.#end()
  }

  fail(error: Error): void {
    this.#end(error)
  }

  #plan(): void {
    this.#process.clock.after(this.#stepMs, () => this.#step())
  }

  #step(): void {
    if (this.#over || this.events.isFull) return
    const { settings, save, saveEvery } = this.#request
    if (!this.#begun) this.#begin()
    if (this.#drawn < settings.maxTokens) this.#draw()
    if (this.#over || this.#process.isKilled) return
    if (this.#drawn >= settings.maxTokens) {
      if (save) this.#save(true)
      return this.#end()
    }
    if (saveEvery !== undefined && this.#drawn % saveEvery === 0) this.#save(false)
    this.#plan()
  }

  #begin(): void {
    const { prompt, scorePrompt, given } = this.#request
    this.#begun = true
    this.events.push({ kind: 'begin', cached: 0 })
    if (!scorePrompt) return
    for (const id of Array.from(prompt).slice(given?.promptTokens ?? 0))
      this.events.push({ kind: 'prompt', id, logprob: -1, top: [] })
  }

  #draw(): void {
    const { seed, maxTokens } = this.#request.settings
    if (seed === FAILING_SEED && this.#drawn === FAILS_AFTER) return this.#end(new FakeModelError('as a test'))
    if (seed === DEADLY_SEED && this.#drawn === FAILS_AFTER) return this.#process.kill()
    const id = nextToken(this.#history, seed)
    this.#history.push(id)
    this.#drawn += 1
    const finish = this.#drawn === maxTokens ? ({ finishReason: 'length' } as const) : {}
    this.events.push({ kind: 'token', id, text: `${id} `, ...finish })
  }

  #save(isEnd: boolean): void {
    const bytes = encodeState(this.#history)
    this.events.push({ kind: 'saved', bytes, length: this.#history.length, drawn: this.#drawn, isEnd })
  }

  #end(error?: Error): void {
    if (this.#over) return
    this.#over = true
    this.events.end(error)
    this.#free()
  }
}
