/** The lines of files, one after another, as training takes them: never more than one piece in memory. */
import { TokenizerArgumentError } from '@retnet/tokenizer'
import { linesOf } from '@retnet/tokenizer/train'
import { createReadStream, statSync } from 'node:fs'
import { CommandError } from '../errors.js'
import type { Io } from '../io.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes } from '../terminal/units.js'

export interface TrainingText {
  readonly lines: AsyncIterable<readonly string[]>
  /** Read so far. */
  readonly bytes: number
  showProgress(): void
  stopProgress(): void
}

/** Checks that all files are there before the first is read. */
export function createTrainingText(io: Io, files: readonly string[]): TrainingText {
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0)
  const progress = createProgress(io, 'reading', showBytes)
  let bytes = 0
  async function* counted(file: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of file === '-' ? io.stdin : createReadStream(file, { highWaterMark: 1 << 18 })) {
      io.signal.throwIfAborted()
      const piece = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : (chunk as Uint8Array)
      bytes += piece.length
      yield piece
    }
  }
  async function* lines(): AsyncGenerator<readonly string[]> {
    for (const file of files) {
      try {
        yield* linesOf(counted(file))
      } catch (error) {
        if (!(error instanceof TokenizerArgumentError)) throw error
        const remedy = 'Convert the text, for example with iconv -f latin1 -t utf-8.'
        throw new CommandError(`${file}: expected UTF-8, got ${error.actual}.`, remedy)
      }
    }
  }
  return {
    lines: lines(),
    get bytes() {
      return bytes
    },
    showProgress: () => progress.update(bytes, Math.max(total, bytes)),
    stopProgress: () => progress.stop(),
  }
}

function sizeOf(file: string): number {
  if (file === '-') return 0
  const status = statSync(file)
  if (status.isDirectory())
    throw new CommandError(`${file}: expected a file, got a folder.`, `Give its files: ${file}/*.txt`)
  return status.size
}
