// A model that is a plain function of all tokens so far. It counts its states and lets tests act while it works.
import type { NamedTensors, SnapshotTensor, State } from '@retnet/core'
import { type LanguageModel, createSampler } from '@retnet/generate'

export interface FakeModel extends LanguageModel {
  /** States that are not disposed of. */
  readonly live: () => number
  /** Awaited before each prediction and each run of `consume`; may throw. */
  before: (operation: 'next' | 'consume' | 'draw', tokens: number) => void | Promise<void>
  /** Tokens that one run of `consume` takes. */
  readonly run: number
}

/** `logits(tokens)` [V] gives the prediction after `tokens`. */
export function fakeModel(vocabSize: number, logits: (tokens: readonly number[]) => ArrayLike<number>): FakeModel {
  let live = 0
  const make = (tokens: number[]): FakeState => {
    live++
    return new FakeState(tokens, make, () => live--)
  }
  const model: FakeModel = {
    spec: { vocabSize },
    stateBytes: 4,
    live: () => live,
    run: 3,
    before: () => {},
    createState: async () => make([]),
    async consume(state, tokens, { signal, onProgress } = {}) {
      for (let at = 0; at < tokens.length; at += model.run) {
        await model.before('consume', tokensOf(state).length)
        signal?.throwIfAborted()
        const end = Math.min(at + model.run, tokens.length)
        for (let index = at; index < end; index++) tokensOf(state).push(tokens[index])
        onProgress?.(end)
      }
    },
    async next(state, token, signal) {
      await model.before('next', tokensOf(state).length)
      signal?.throwIfAborted()
      tokensOf(state).push(token)
      return Float32Array.from(logits(tokensOf(state)))
    },
    checkTokens(tokens) {
      for (const id of Array.from(tokens)) {
        if (!(Number.isInteger(id) && id >= 0 && id < vocabSize)) throw new RangeError(`no token ${id}`)
      }
    },
    async saveState(state, extra = {}) {
      const tensors = Object.entries(extra).map(([name, { shape, data }]) => [name, shape, Array.from(data)])
      return new TextEncoder().encode(JSON.stringify({ tokens: tokensOf(state), tensors }))
    },
    async loadState(bytes) {
      const saved = JSON.parse(new TextDecoder().decode(bytes)) as Saved
      const extra = saved.tensors.map(([name, shape, data]): [string, SnapshotTensor] => [
        name,
        { shape, data: Int32Array.from(data) },
      ])
      return { state: make(saved.tokens), extra: Object.fromEntries(extra) }
    },
  }
  return model
}

interface Saved {
  tokens: number[]
  tensors: [string, number[], number[]][]
}

class FakeState implements State {
  readonly bytes = 4
  readonly rows = 0
  readonly readRows = noRows
  readonly writeRows = noRows
  readonly copyRows = noRows
  readonly resetRows = noRows
  tokens: number[] | null
  readonly make: (tokens: number[]) => FakeState
  readonly gone: () => void

  constructor(tokens: number[], make: (tokens: number[]) => FakeState, gone: () => void) {
    this.tokens = tokens
    this.make = make
    this.gone = gone
  }

  fork(): State {
    return this.make([...tokensOf(this)])
  }

  async read(): Promise<NamedTensors> {
    return { tokens: Int32Array.from(tokensOf(this)) }
  }

  async write({ tokens }: NamedTensors): Promise<void> {
    this.tokens = [...tokens]
  }

  reset(): void {
    this.tokens = []
  }

  dispose(): void {
    if (this.tokens === null) throw new Error('a state was disposed of twice')
    this.tokens = null
    this.gone()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function noRows(): never {
  throw new Error('generation asked for a row of a state')
}

function tokensOf(state: State): number[] {
  const { tokens } = state as FakeState
  if (tokens === null) throw new Error('a state was used after dispose')
  return tokens
}

/** Gives the model draws of its own: what a backend does that has a kernel for them. */
export function drawing(model: FakeModel): FakeModel {
  const draws: Pick<LanguageModel, 'drawsTokens' | 'decodeMany'> = {
    drawsTokens: true,
    async decodeMany(state, token, { seed, history, ...rules }, count, signal) {
      await model.before('draw', tokensOf(state).length)
      signal?.throwIfAborted()
      const sample = createSampler(rules, model.spec.vocabSize)
      const seen = new Set(history.seen)
      const output = new Map(history.output)
      const ids = new Int32Array(count).fill(-1)
      for (let at = 0; at < count; at++) {
        const logits = await model.next(state, at === 0 ? token : ids[at - 1])
        if (logits.some(Number.isNaN)) break
        ids[at] = sample(logits, { seen, output }, { seed, index: tokensOf(state).length })
        seen.add(ids[at])
        output.set(ids[at], (output.get(ids[at]) ?? 0) + 1)
      }
      return ids
    },
  }
  return Object.assign(model, draws)
}

/** The same model, whose draws nobody asks for. */
export function perToken(model: LanguageModel): LanguageModel {
  return {
    spec: model.spec,
    stateBytes: model.stateBytes,
    createState: () => model.createState(),
    consume: (...args) => model.consume(...args),
    next: (...args) => model.next(...args),
    checkTokens: (tokens) => model.checkTokens(tokens),
    saveState: (...args) => model.saveState(...args),
    loadState: (bytes) => model.loadState(bytes),
  }
}

/** Says `ids` one after another from place `start` of the text on, with certainty. */
export function reciter(vocabSize: number, start: number, ids: readonly number[]): FakeModel {
  return fakeModel(vocabSize, (tokens) => oneHot(vocabSize, ids[tokens.length - start] ?? 0))
}

function oneHot(size: number, id: number): number[] {
  return Array.from({ length: size }, (_, index) => (index === id ? 0 : -100))
}

/** Logits that depend on every token and its place, so that a lost or doubled token shows. */
export function scrambler(vocabSize: number): FakeModel {
  return fakeModel(vocabSize, (tokens) => {
    const hash = tokens.reduce((sum, id, at) => (Math.imul(sum, 31) + Math.imul(id + 1, at + 7)) >>> 0, 17)
    return Array.from({ length: vocabSize }, (_, id) => Math.sin(hash + id * 1.7) * 2)
  })
}
