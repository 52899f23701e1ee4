/** Which tokens of which rows go into the next run, when several rows of a batch take in text. */
import type { NamedTensors } from '../contract/tensor.js'
import { runLength } from './run-length.js'

/** A text on its way into a row; `at` of its tokens are in. */
export interface Intake {
  readonly row: number
  readonly tokens: ArrayLike<number>
  at: number
}

export interface IntakeRun {
  /** Tokens of each row. */
  readonly length: number
  /**
   * Rows of the program. All of the batch, on its own state, where more than half of them would be needed; else a power of two, so
   * that few programs are compiled, on a small state of its own. Rows without an intake are masked.
   */
  readonly rows: number
  readonly whole: boolean
  readonly intakes: readonly Intake[]
}

/** The row with most tokens left, and others that need a run of the same length, as many as the backend likes to take at once. */
export function nextRun(intakes: readonly Intake[], preferredTokens: number, batchRows: number): IntakeRun {
  const lengthOf = ({ tokens, at }: Intake) => runLength(tokens.length - at, preferredTokens)
  const length = Math.max(...intakes.map(lengthOf))
  const most = Math.max(1, Math.floor(preferredTokens / length))
  const alike = intakes.filter((intake) => lengthOf(intake) === length).slice(0, most)
  const rows = 2 ** Math.ceil(Math.log2(alike.length))
  const whole = 2 * rows > batchRows
  return { length, rows: whole ? batchRows : rows, whole, intakes: alike }
}

/** How many tokens of an intake the run takes. */
export function takes({ length }: IntakeRun, { tokens, at }: Intake): number {
  return Math.min(length, tokens.length - at)
}

export function intakeInputs(run: IntakeRun): NamedTensors {
  const ids = new Int32Array(run.rows * run.length)
  const mask = new Int32Array(run.rows * run.length)
  run.intakes.forEach((intake, at) => {
    const row = run.whole ? intake.row : at
    const count = takes(run, intake)
    for (let t = 0; t < count; t++) ids[row * run.length + t] = intake.tokens[intake.at + t]
    mask.fill(1, row * run.length, row * run.length + count)
  })
  return { tokens: ids, mask }
}
