/**
 * The rows of what is written, in a batch that is as large as it must be: a backend computes all rows of a batch, empty ones too. A text
 * must not change with what is written beside it, so the batch keeps to numbers of rows that a backend gives the same results for.
 */
import type { Batch, Model } from '@retnet/core'

/** Steps that fewer rows must be enough before the states are moved. */
const patience = 32

export class RowPool<Owner extends object> {
  readonly #model: Model
  /** Ascending; the last one is `most`. */
  #sizes: readonly number[]
  #batch: Batch
  #owners: (Owner | null)[]
  #quietSteps = 0

  private constructor(model: Model, sizes: readonly number[], batch: Batch) {
    this.#model = model
    this.#sizes = sizes
    this.#batch = batch
    this.#owners = Array.from({ length: batch.rows }, () => null)
  }

  static async create<Owner extends object>(model: Model, most: number): Promise<RowPool<Owner>> {
    const sizes = sizesOf(most, model.backend.limits.steadyRows ?? [most])
    return new RowPool(model, sizes, await model.createBatch(sizes[0]))
  }

  /** Owners that there can be. */
  get most(): number {
    return this.#sizes.at(-1)!
  }

  get used(): number {
    return this.#owners.filter((owner) => owner !== null).length
  }

  /** Of the present rows; the next `take` or `settle` may make another one. */
  get batch(): Batch {
    return this.#batch
  }

  rowOf(owner: Owner): number {
    return this.#owners.indexOf(owner)
  }

  /** A row with an empty text, or false if there are `most` owners. `coming` more are about to ask. */
  async take(owner: Owner, coming = 0): Promise<boolean> {
    if (this.used >= this.most) return false
    await this.#makeRoom(this.used + 1, coming)
    const row = this.#owners.indexOf(null)
    if (row < 0) return false
    this.#owners[row] = owner
    this.#batch.reset(row)
    return true
  }

  release(owner: Owner): void {
    const row = this.rowOf(owner)
    if (row >= 0) this.#owners[row] = null
  }

  /** Between steps: gives up rows that have not been needed for some time. */
  async settle(): Promise<void> {
    const size = this.#sizeFor(this.used)
    this.#quietSteps = size < this.#owners.length ? this.#quietSteps + 1 : 0
    if (this.#quietSteps > patience) await this.#tryResize(size)
  }

  /** Compiles what all sizes need, and makes the largest one once: what does not fit fails here. */
  async prepare(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    for (const rows of this.#sizes) await this.#model.prepare({ rows, ...options })
    const largest = await this.#model.createBatch(this.most)
    largest.dispose()
  }

  dispose(): void {
    this.#batch.dispose()
  }

  async #makeRoom(needed: number, coming: number): Promise<void> {
    const size = this.#sizeFor(Math.min(this.most, needed + coming))
    // nothing has to be moved where nobody is
    const isFree = needed === 1 && size !== this.#owners.length
    if (needed > this.#owners.length || isFree) await this.#tryResize(size)
  }

  /** A device without memory for other rows goes on with those that it has. */
  async #tryResize(size: number): Promise<void> {
    try {
      await this.#resize(size)
    } catch {
      if (size > this.#owners.length) this.#sizes = this.#sizes.filter((one) => one <= this.#owners.length)
      this.#quietSteps = 0
    }
  }

  #sizeFor(count: number): number {
    return this.#sizes.find((size) => size >= count) ?? this.most
  }

  async #resize(size: number): Promise<void> {
    const batch = await this.#model.createBatch(size)
    const taken = this.#owners.flatMap((owner, from) => (owner === null ? [] : [{ owner, from }]))
    try {
      batch.copyRows(
        this.#batch,
        taken.map(({ from }, to) => ({ from, to })),
      )
    } catch (error) {
      batch.dispose()
      throw error
    }
    this.#batch.dispose()
    this.#batch = batch
    this.#owners = Array.from({ length: size }, (_, row) => taken[row]?.owner ?? null)
    this.#quietSteps = 0
  }
}

/** `most`, its half, its quarter and so on, as long as their numbers are the same. */
function sizesOf(most: number, steadyRows: readonly number[]): number[] {
  const least = Math.max(1, ...steadyRows.filter((rows) => rows <= most))
  const sizes = [most]
  while (sizes[0] > 1 && Math.ceil(sizes[0] / 2) >= least) sizes.unshift(Math.ceil(sizes[0] / 2))
  return sizes
}
