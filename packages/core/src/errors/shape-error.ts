import { RetNetError } from './retnet-error.js'

/** A tensor does not have the shape or type that an operation needs. */
export class ShapeError extends RetNetError {
  readonly op: string
  readonly argument: string
  readonly expected: string
  readonly actual: string

  constructor(detail: { op: string; argument: string; expected: string; actual: string; fix?: string }) {
    super(`${detail.op}: expected ${detail.argument} ${detail.expected}, got ${detail.actual}.`, detail.fix)
    this.op = detail.op
    this.argument = detail.argument
    this.expected = detail.expected
    this.actual = detail.actual
  }
}
