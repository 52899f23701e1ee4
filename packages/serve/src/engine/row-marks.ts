/** Rows as they were before a burst. A text that ends in the midst of one, with words that a device cannot know, is taken back there. */
import type { Batch, Model, RowDecode } from '@retnet/core'

export class RowMarks {
  readonly #model: Model
  /** Copies of rows at their own places. */
  #copies: Batch | null = null
  #steps = new Map<number, RowDecode>()

  constructor(model: Model) {
    this.#model = model
  }

  /** Keeps copies, on the device, of the rows that are about to take these steps. False if there is no memory for them. */
  async set(batch: Batch, steps: readonly RowDecode[]): Promise<boolean> {
    this.#steps = new Map(steps.map((step) => [step.row, { ...step, settings: fixed(step.settings) }]))
    if (steps.length === 0) return true
    if (this.#copies?.rows !== batch.rows) this.release()
    try {
      this.#copies ??= await this.#model.createBatch(batch.rows)
    } catch {
      return false
    }
    this.#copies.copyRows(
      batch,
      steps.map(({ row }) => ({ from: row, to: row })),
    )
    return true
  }

  /** The row becomes what it is `count` tokens behind its mark, bit for bit: the same draws are drawn again. Nothing without a mark. */
  async goTo(batch: Batch, row: number, count: number): Promise<void> {
    const step = this.#steps.get(row)
    if (step === undefined) return
    batch.copyRows(this.#copies!, [{ from: row, to: row }])
    const [{ error }] = await batch.decode([step], { count })
    if (error) throw error
  }

  /** Gives the memory of the copies back. */
  release(): void {
    this.#copies?.dispose()
    this.#copies = null
  }
}

/** What has occurred goes on growing while tokens are looked at. */
function fixed({ history: { seen, output }, ...rules }: RowDecode['settings']): RowDecode['settings'] {
  return { ...rules, history: { seen: [...seen], output: new Map(output) } }
}
