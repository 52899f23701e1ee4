import { RetNetError } from '@retnet/core'

/** No execution provider of the ONNX Runtime can run these graphs. */
export class ProviderError extends RetNetError {
  /** What each of them said. */
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    super(
      `onnx: no execution provider works: ${reasons.join('; ')}.`,
      'Use another provider, another version of ONNX Runtime (1.30 or later), or another backend such as @retnet/cpu.',
    )
    this.reasons = reasons
  }
}

/** ONNX Runtime refused a graph or failed while it ran. The error of the runtime is the `cause`. */
export class OnnxRuntimeError extends RetNetError {
  constructor(what: string, cause: unknown) {
    super(`${what}: ONNX Runtime says: ${cause instanceof Error ? cause.message : String(cause)}`)
    this.cause = cause
  }
}

/** A .onnx file that is none, or that says nothing of a RetNet of ours. */
export class OnnxFileError extends RetNetError {
  readonly file: string

  constructor(file: string, message: string, fix?: string) {
    super(`${file}: ${message}`, fix)
    this.file = file
  }
}
