/**
 * One tensor of a state: what a run reads, and where it puts what comes next. The two change places after each run; this package copies
 * nothing.
 */
import type { TensorData, TensorType } from '@retnet/core'
import { type Ort, type OrtTensor, dataOf, emptyData, makeTensor } from './ort.js'

export interface StateTensor {
  readonly type: TensorType
  /** What the next run reads. */
  readonly before: OrtTensor
  /** Where the next run writes; null where the runtime makes a new tensor for each result. */
  readonly after: OrtTensor | null
  /** After a run that went well: what it wrote is what the next one reads. */
  advance(result: OrtTensor): void
  read(): Promise<TensorData>
  /** Numbers from `start` on. */
  write(data: TensorData, start: number): void
  clear(start: number, size: number): void
  /** Numbers of a tensor of the same kind, each span read before one is written if `staged`. */
  copy(source: StateTensor, spans: readonly Span[], staged: boolean): void
  dispose(): void
}

export interface Span {
  readonly from: number
  readonly to: number
  readonly size: number
}

interface Side {
  readonly data: TensorData
  readonly tensor: OrtTensor
}

/** In host memory, which the CPU provider of onnxruntime-node reads and writes in place. */
export class HostTensor implements StateTensor {
  readonly type: TensorType
  #front: Side
  #back: Side | null

  /** `inPlace`: the runtime writes into tensors that it is given. onnxruntime-web does not; it copies out of its own memory. */
  constructor(ort: Ort, type: TensorType, inPlace: boolean) {
    this.type = type
    const side = (): Side => {
      const data = emptyData(type)
      return { data, tensor: makeTensor(ort, data, type.shape) }
    }
    this.#front = side()
    this.#back = inPlace ? side() : null
  }

  get before(): OrtTensor {
    return this.#front.tensor
  }

  get after(): OrtTensor | null {
    return this.#back?.tensor ?? null
  }

  advance(result: OrtTensor): void {
    if (this.#back) [this.#front, this.#back] = [this.#back, this.#front]
    else this.#front = { tensor: result, data: dataOf(result) }
  }

  async read(): Promise<TensorData> {
    return this.#front.data.slice()
  }

  write(data: TensorData, start: number): void {
    this.#front.data.set(data, start)
  }

  clear(start: number, size: number): void {
    this.#front.data.fill(0, start, start + size)
  }

  copy(source: HostTensor, spans: readonly Span[], staged: boolean): void {
    const taken = spans.map(({ from, size }) => source.#front.data.subarray(from, from + size))
    const read = staged ? taken.map((part) => part.slice()) : taken
    spans.forEach(({ to }, at) => this.#front.data.set(read[at], to))
  }

  dispose(): void {}
}
