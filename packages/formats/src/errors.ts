/** The errors that reading, writing and downloading checkpoints can throw. Each names the file and says what to do. */
import { RetNetError } from '@retnet/core'

/** Base of every error of this package. */
export class FormatError extends RetNetError {}

export type SourceProblem =
  | 'not-found'
  | 'not-a-file'
  | 'out-of-range'
  | 'short-read'
  | 'changed'
  | 'no-ranges'
  | 'failed'

/** Bytes could not be read from a file, a blob or a URL. */
export class SourceError extends FormatError {
  readonly source: string
  readonly problem: SourceProblem

  constructor(source: string, problem: SourceProblem, message: string, fix?: string) {
    super(`${source}: ${message}`, fix)
    this.source = source
    this.problem = problem
  }
}

/** A file name that would lead outside the model folder. */
export class UnsafePathError extends FormatError {
  readonly path: string

  constructor(path: string, reason: string) {
    super(
      `unsafe file name ${quote(path)}: ${reason}.`,
      'File names of a model must be relative and stay inside its folder.',
    )
    this.path = path
  }
}

/** A file of a kind that is refused outright, such as a pickle, which can run code when loaded. */
export class UnsupportedFileError extends FormatError {
  readonly file: string

  constructor(file: string, reason: string, fix: string) {
    super(`${file}: ${reason}.`, fix)
    this.file = file
  }
}

/** A JSON file that is no JSON, has duplicate keys, or has the wrong form. */
export class JsonError extends FormatError {
  readonly file: string

  constructor(file: string, message: string, fix?: string) {
    super(`${file}: ${message}`, fix)
    this.file = file
  }
}

export type SafetensorsProblem =
  | 'truncated'
  | 'header-length'
  | 'header-text'
  | 'header-form'
  | 'too-many-tensors'
  | 'duplicate-name'
  | 'dtype'
  | 'shape'
  | 'offsets'
  | 'gap'
  | 'overlap'
  | 'trailing-bytes'
  | 'missing-tensor'
  | 'missing-shard'
  | 'value-range'
  | 'data'
  | 'metadata'

/** A safetensors file (or its index) that breaks the format, or a tensor that cannot be read or written as asked. */
export class SafetensorsError extends FormatError {
  readonly file: string
  readonly tensor: string | undefined
  readonly problem: SafetensorsProblem

  constructor(detail: {
    file: string
    tensor?: string | undefined
    problem: SafetensorsProblem
    message: string
    fix?: string | undefined
  }) {
    const tensor = detail.tensor === undefined ? '' : ` tensor ${quote(detail.tensor)}:`
    super(`${detail.file}:${tensor} ${detail.message}`, detail.fix)
    this.file = detail.file
    this.tensor = detail.tensor
    this.problem = detail.problem
  }
}

export type DownloadProblem = 'network' | 'status' | 'stalled' | 'storage' | 'protocol' | 'integrity'

/** A download failed after its retries. What had arrived is kept and continued by the next attempt. */
export class DownloadError extends FormatError {
  readonly url: string
  readonly problem: DownloadProblem
  readonly status: number | undefined

  constructor(detail: {
    url: string
    problem: DownloadProblem
    message: string
    fix?: string
    status?: number
    cause?: unknown
  }) {
    super(`${detail.url}: ${detail.message}`, detail.fix)
    this.url = detail.url
    this.problem = detail.problem
    this.status = detail.status
    if (detail.cause !== undefined) this.cause = detail.cause
  }
}

/** Downloaded or cached bytes are not the ones that the hub announced. The bad file has been deleted. */
export class IntegrityError extends DownloadError {
  readonly file: string
  readonly expected: string
  readonly actual: string

  constructor(detail: { url: string; file: string; expected: string; actual: string }) {
    super({
      url: detail.url,
      problem: 'integrity',
      message: `${detail.file}: expected ${detail.expected}, got ${detail.actual}.`,
      fix: 'The bad copy was deleted. Try again; if it persists, a proxy or mirror alters the file.',
    })
    this.file = detail.file
    this.expected = detail.expected
    this.actual = detail.actual
  }
}

/** The hub has no such repository, revision or file for this user, or, when offline, the cache has not. */
export class ModelNotFoundError extends FormatError {
  readonly repository: string
  readonly revision: string

  constructor(repository: string, revision: string, message: string, fix?: string) {
    super(`${repository} (revision ${revision}): ${message}`, fix)
    this.repository = repository
    this.revision = revision
  }
}

/** An option that is unknown or has a value that cannot be used. */
export class OptionError extends FormatError {
  readonly option: string

  constructor(option: string, message: string, fix?: string) {
    super(`${option}: ${message}`, fix)
    this.option = option
  }
}

/** Text from a file, made short and safe to print. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)
}
