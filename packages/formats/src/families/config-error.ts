import { FormatError } from '../errors.js'

/** A config.json that describes no model this library can run. */
export class ConfigError extends FormatError {
  readonly field: string

  constructor(detail: { file: string; field: string; message: string; fix?: string }) {
    super(`${detail.file}: ${detail.field}: ${detail.message}`, detail.fix)
    this.field = detail.field
  }
}
