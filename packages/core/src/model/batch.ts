/**
 * Independent sequences in the rows of one state: what continuous batching is built from. Some rows take in text while others decode;
 * what goes wrong in one row is its error and no other's. It knows no queue, no stop condition and no text.
 */
import type { Program } from '../contract/backend.js'
import type { RowCopy, State } from '../contract/state.js'
import { ArgumentError } from '../errors/argument-error.js'
import { DisposedError } from '../errors/disposed-error.js'
import { RetNetError } from '../errors/retnet-error.js'
import { RowError } from '../errors/row-error.js'
import { decodeSnapshot } from '../snapshot/decode.js'
import { encodeSnapshot } from '../snapshot/encode.js'
import type { Snapshot, SnapshotTensor } from '../snapshot/format.js'
import { requireTargets } from '../state/rows.js'
import { type Intake, type IntakeRun, intakeInputs, nextRun, takes } from './batch-run.js'
import { Breather } from './breather.js'
import {
  type DecodeRow,
  checkEnds,
  checkSampling,
  decodeCarry,
  decodeInputs,
  decodeOptionsOf,
  idsOf,
  untilEnd,
} from './decode-many.js'
import type { Model } from './model.js'
import { extraTensors, snapshotOf, stateValues } from './model-snapshot.js'

export interface RowTokens {
  readonly row: number
  readonly tokens: ArrayLike<number>
}

export interface RowToken {
  readonly row: number
  readonly token: number
}

export interface RowDecode extends RowToken, DecodeRow {}

export interface RowLogits {
  readonly row: number
  /** [V]; null with an error. */
  readonly logits: Float32Array | null
  readonly error: RetNetError | null
}

export interface RowIds {
  readonly row: number
  /** Drawn ids: as many as were asked for, or fewer if the row was over or with an error. */
  readonly ids: Int32Array
  readonly error: RetNetError | null
}

export interface RowsConsumeOptions {
  readonly signal?: AbortSignal
  /** Called after each run for each row that took part, with the number of tokens of its text that are in. */
  readonly onProgress?: (row: number, tokens: number) => void
}

export class Batch {
  readonly rows: number
  readonly #model: Model
  readonly #state: State
  /** What is running on a row. */
  readonly #busy = new Map<number, string>()
  readonly #breather = new Breather()
  #disposed = false

  private constructor(model: Model, state: State) {
    this.#model = model
    this.#state = state
    this.rows = state.rows
  }

  static async create(model: Model, rows: number): Promise<Batch> {
    if (!Number.isSafeInteger(rows) || rows < 1) {
      throw new ArgumentError({ argument: 'rows', expected: 'a whole number of at least 1', actual: rows })
    }
    const program = await model.program(model.drawsTokens ? 'decode' : 'next', { rows, length: 1 })
    return new Batch(model, program.createState())
  }

  /** Bytes of the states of all rows. */
  get bytes(): number {
    return this.#state.bytes
  }

  /**
   * Takes text into rows, without predictions: in pieces of the backend's preferred size, texts of similar length together. All ids are
   * checked first. When it throws or is aborted, each row holds the tokens that `onProgress` last reported for it.
   */
  async consume(texts: readonly RowTokens[], { signal, onProgress }: RowsConsumeOptions = {}): Promise<void> {
    for (const { tokens } of texts) this.#model.checkTokens(tokens)
    await this.#using('consume', texts, async () => {
      const intakes: Intake[] = texts.map(({ row, tokens }) => ({ row, tokens, at: 0 }))
      for (;;) {
        const waiting = intakes.filter(({ tokens, at }) => at < tokens.length)
        if (waiting.length === 0) return
        const run = nextRun(waiting, this.#model.backend.limits.preferredTokens, this.rows)
        await this.#takeIn(run, signal)
        for (const intake of run.intakes) {
          intake.at += takes(run, intake)
          onProgress?.(intake.row, intake.at)
        }
      }
    })
  }

  /**
   * Takes a token into each of these rows and gives the logits of the one after it. A row whose token is wrong is not touched; one whose
   * logits are not finite has taken its token in. Both get their error, the others go on.
   */
  async next(steps: readonly RowToken[], signal?: AbortSignal): Promise<RowLogits[]> {
    return this.#using('next', steps, async () => {
      const errors = steps.map(({ token }) => errorOf(() => this.#model.checkTokens([token])))
      const inRow = this.#byRow(steps, errors)
      if (errors.every(Boolean)) return steps.map(({ row }, at) => ({ row, logits: null, error: errors[at] }))
      const program = await this.#model.program('next', { rows: this.rows, length: 1 })
      const inputs = {
        tokens: Int32Array.from(inRow, (step) => step?.token ?? 0),
        mask: Int32Array.from(inRow, (step) => (step ? 1 : 0)),
      }
      await this.#breather.breathe()
      const { logits } = await program.run(inputs, this.#state, { signal })
      const { vocabSize } = this.#model.spec
      return steps.map(({ row }, at) => {
        const own = (logits as Float32Array).subarray(row * vocabSize, (row + 1) * vocabSize)
        const error = errors[at] ?? (canDraw(own) ? null : RowError.notFinite(row))
        return { row, logits: error ? null : own, error }
      })
    })
  }

  /**
   * Takes a token into each of these rows, draws the next one by the row's own settings, takes that in, and so on, `count` times without
   * coming back; the rows have then taken in all drawn ids but the last. One that reaches its `limit` or one of its `stopIds` stops there.
   * A row whose token or settings are wrong is not touched; one
   * that could draw nothing, because its logits are not finite, gets the ids until then, and its state is of no use. Both get their
   * error, the others go on. Needs a backend that draws: `model.drawsTokens`.
   */
  async decode(
    steps: readonly RowDecode[],
    { count = 1, signal }: { readonly count?: number; readonly signal?: AbortSignal } = {},
  ): Promise<RowIds[]> {
    return this.#using('decode', steps, async () => {
      const errors = steps.map((step) => errorOf(() => this.#checkDecode(step)))
      const inRow = this.#byRow(steps, errors)
      if (errors.every(Boolean)) return steps.map(({ row }, at) => ({ row, ids: new Int32Array(), error: errors[at] }))
      const decode = decodeOptionsOf(steps.filter((_, at) => !errors[at]).map(({ settings }) => settings))
      const program = await this.#model.program('decode', { rows: this.rows, length: 1 }, { decode })
      const inputs = decodeInputs(program.graph, this.#model.spec.vocabSize, inRow)
      const carry = decodeCarry(decode)
      await this.#breather.breathe()
      const { drawn } = await program.run(inputs, this.#state, { signal, repeat: { times: count, carry } })
      return steps.map(({ row }, at) => {
        const error = errors[at]
        if (error) return { row, ids: new Int32Array(), error }
        const all = Int32Array.from({ length: count }, (_, time) => drawn[time * this.rows + row])
        const ids = untilEnd(all, steps[at])
        const end = ids.indexOf(-1)
        return end < 0 ? { row, ids, error: null } : { row, ids: ids.subarray(0, end), error: RowError.notFinite(row) }
      })
    })
  }

  /** Back to an empty text. */
  reset(row: number): void {
    this.#claim('reset', [row])
    this.#state.resetRows([row])
  }

  /** Row `to` becomes an independent copy of row `from`, on the device. */
  fork(from: number, to: number): void {
    this.#claim('fork', [from, to])
    this.#state.copyRows(this.#state, [{ from, to }])
  }

  /** The row becomes a copy of a state of one sequence, such as `model.createState()` gives, on the device. */
  insert(row: number, state: State): void {
    this.#claim('insert', [row])
    this.#state.copyRows(state, [{ from: 0, to: row }])
  }

  /** Rows become copies of rows of a batch of the same model, on the device, all in one go. Throws for rows that the other one lacks. */
  copyRows(source: Batch, copies: readonly RowCopy[]): void {
    this.#claim(
      'copyRows',
      copies.map(({ to }) => to),
    )
    source.#claim('copyRows', [...new Set(copies.map(({ from }) => from))])
    this.#state.copyRows(source.#state, copies)
  }

  /** A copy of the row as a state of one sequence, on the device; the caller owns it. */
  async extract(row: number): Promise<State> {
    return this.#using('extract', [{ row }], async () => {
      const state = await this.#model.createState()
      state.copyRows(this.#state, [{ from: row, to: 0 }])
      return state
    })
  }

  /** The row as data; `extra` tensors travel with it. */
  async snapshot(row: number, extra: Readonly<Record<string, SnapshotTensor>> = {}): Promise<Snapshot> {
    return this.#using('snapshot', [{ row }], async () => {
      const { graph } = await this.#single()
      return snapshotOf(graph, this.#model.identity, await this.#state.readRows([row]), extra)
    })
  }

  /** The row becomes what the snapshot holds, made on any backend. Throws SnapshotError, and leaves the row, if it does not fit. */
  async restore(row: number, snapshot: Snapshot): Promise<void> {
    await this.#using('restore', [{ row }], async () => {
      const { graph } = await this.#single()
      await this.#state.writeRows([row], stateValues(graph, this.#model.identity, snapshot))
    })
  }

  /** The bytes of `snapshot`; `loadRow` and `model.loadState` read them. */
  async saveRow(row: number, extra: Readonly<Record<string, SnapshotTensor>> = {}): Promise<Uint8Array> {
    return encodeSnapshot(await this.snapshot(row, extra))
  }

  /** Restores a row from bytes of `saveRow` or `model.saveState`; returns the extra tensors that travelled with them. */
  async loadRow(row: number, bytes: Uint8Array): Promise<Record<string, SnapshotTensor>> {
    const snapshot = decodeSnapshot(bytes)
    await this.restore(row, snapshot)
    return extraTensors(snapshot)
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#state.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #takeIn(run: IntakeRun, signal: AbortSignal | undefined): Promise<void> {
    const program = await this.#model.program('consume', { rows: run.rows, length: run.length })
    await this.#breather.breathe()
    if (this.#disposed) throw new DisposedError('batch')
    if (run.whole) await program.run(intakeInputs(run), this.#state, { signal })
    else await this.#takeInAside(program, run, signal)
  }

  /** On a small state: a program over all rows would compute those that take nothing in. */
  async #takeInAside(program: Program, run: IntakeRun, signal: AbortSignal | undefined): Promise<void> {
    using state = program.createState()
    state.copyRows(
      this.#state,
      run.intakes.map(({ row }, at) => ({ from: row, to: at })),
    )
    await program.run(intakeInputs(run), state, { signal })
    this.#state.copyRows(
      state,
      run.intakes.map(({ row }, at) => ({ from: at, to: row })),
    )
  }

  #checkDecode(step: RowDecode): void {
    const { token, settings, stopIds = [] } = step
    checkSampling(settings)
    checkEnds(step)
    this.#model.checkTokens([token, ...stopIds, ...idsOf(settings)])
  }

  /** The sound steps, each at the place of its row. */
  #byRow<Step extends { readonly row: number }>(
    steps: readonly Step[],
    errors: readonly (RetNetError | null)[],
  ): (Step | null)[] {
    const all = Array.from<Step | null>({ length: this.rows }).fill(null)
    steps.forEach((step, at) => {
      if (!errors[at]) all[step.row] = step
    })
    return all
  }

  #single(): Promise<Program> {
    return this.#model.program('next', { rows: 1, length: 1 })
  }

  /** Runs `work` as the only operation on these rows. */
  async #using<T>(operation: string, steps: readonly { readonly row: number }[], work: () => Promise<T>): Promise<T> {
    const rows = steps.map(({ row }) => row)
    this.#claim(operation, rows)
    for (const row of rows) this.#busy.set(row, operation)
    try {
      return await work()
    } finally {
      for (const row of rows) this.#busy.delete(row)
    }
  }

  /** Throws after `dispose`, at a row that does not exist or is named twice, and at one on which something is running. */
  #claim(operation: string, rows: readonly number[]): void {
    if (this.#disposed) throw new DisposedError('batch')
    requireTargets(rows, this.#state)
    const row = rows.find((one) => this.#busy.has(one))
    if (row !== undefined) throw RowError.busy(row, operation, this.#busy.get(row)!)
  }
}

function errorOf(check: () => void): RetNetError | null {
  try {
    check()
    return null
  } catch (error) {
    if (error instanceof RetNetError) return error
    throw error
  }
}

/** As `sample` has it. */
function canDraw(logits: Float32Array): boolean {
  let finite = false
  for (const logit of logits) {
    if (Number.isNaN(logit) || logit === Infinity) return false
    finite ||= logit > -Infinity
  }
  return finite
}
