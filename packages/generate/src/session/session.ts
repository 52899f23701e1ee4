/** A text in progress over one state: append, generate, go back, branch, save. It costs the same however long the text is. */
import { decode } from '../decode/decode.js'
import { GenerateStream } from '../decode/generate-stream.js'
import { Tally } from '../decode/tally.js'
import type { GeneratePiece } from '../decode/generate-result.js'
import { GenerateArgumentError, SessionBusyError } from '../errors.js'
import type { LanguageModel } from '../language-model.js'
import type { GenerateOptions, GenerateSettings } from '../options/generate-options.js'
import { validateGenerate } from '../options/validate-generate.js'
import { type Prompt, idsOf } from '../options/prompt.js'
import { type SessionOptions, validateSessionOptions } from '../options/session-options.js'
import { Cursor, type TakeInOptions } from './cursor.js'
import { loadCursor, saveCursor } from './cursor-bytes.js'

/**
 * While a stream of `generate` is open, only `fork`, `mark` and `snapshot` are allowed, between its tokens; everything else, and two
 * operations at once, throw SessionBusyError and change nothing. An operation that fails or is aborted loses no token: what the state has
 * not taken in stays pending and is taken in by the next operation.
 */
export class Session {
  #cursor: Cursor
  readonly #options: SessionOptions
  readonly #marks = new Map<string, Cursor>()
  #streaming = false

  /** Use `createSession` or `restoreSession`. The session owns the cursor. */
  constructor(cursor: Cursor, options: SessionOptions) {
    this.#cursor = cursor
    this.#options = options
  }

  /** Tokens that the state has taken in. */
  get position(): number {
    return this.#cursor.position
  }

  /** Tokens of the text: those taken in, and those that wait (at least the last one does). */
  get length(): number {
    return this.#cursor.length
  }

  /** Names of all marks. */
  get marks(): string[] {
    return [...this.#marks.keys()]
  }

  /** Adds text or ids and takes in all but the last. Text before it counts as prompt for frequency and presence penalties. */
  async append(prompt: Prompt, options: TakeInOptions = {}): Promise<void> {
    this.#requireClosed('append')
    options.signal?.throwIfAborted()
    this.#cursor.push(idsOf(prompt, this.#options.codec))
    await this.#cursor.takeIn('append', options)
  }

  /**
   * Continues the text. Options are checked at once, the work begins when the stream is read. Generating twice with one seed gives the
   * same ids as generating once for longer, since random numbers belong to places in the text.
   *
   * After a stop string the session holds all generated ids, with those of the stop string, though the text ends before it.
   */
  generate(options: GenerateOptions = {}): GenerateStream {
    this.#cursor.requireUsable()
    const { model } = this.#cursor
    const settings = validateGenerate(options, model.spec.vocabSize, this.#options.codec)
    const tally = new Tally(settings.seed, model.stateBytes)
    return new GenerateStream(this.#run(settings, tally), tally)
  }

  /** An independent session at the same place, without the marks: one copy of the state. */
  fork(): Session {
    return new Session(this.#cursor.fork('fork'), this.#options)
  }

  /** Everything that is needed to continue id for id elsewhere, on any backend; marks stay behind. See `restoreSession`. */
  async snapshot(): Promise<Uint8Array> {
    return saveCursor(this.#cursor)
  }

  /** Remembers this place, in memory, at the cost of one copy of the state. A mark of the same name is replaced. */
  mark(name: string): void {
    const copy = this.#cursor.fork('mark')
    this.#marks.get(name)?.dispose()
    this.#marks.set(name, copy)
  }

  /** Back, or forward, to a mark, which remains. */
  rewind(name: string): void {
    this.#requireClosed('rewind')
    const mark = this.#markOf(name)
    const copy = mark.fork('rewind')
    this.#cursor.dispose()
    this.#cursor = copy
  }

  /** Forgets a mark and frees its memory. */
  unmark(name: string): void {
    this.#markOf(name).dispose()
    this.#marks.delete(name)
  }

  /** Back to an empty text. Marks remain. */
  reset(): void {
    this.#requireClosed('reset')
    this.#cursor.reset()
  }

  /** Frees the state and all marks. An open stream ends with SessionDisposedError. */
  dispose(): void {
    this.#cursor.dispose()
    for (const mark of this.#marks.values()) mark.dispose()
    this.#marks.clear()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async *#run(settings: GenerateSettings, tally: Tally): AsyncGenerator<GeneratePiece, void, undefined> {
    this.#requireClosed('generate')
    this.#streaming = true
    try {
      yield* decode(this.#cursor, { ...this.#options, settings, tally })
    } finally {
      // what fails here loses no token, and fails again in whatever comes next
      await this.#cursor.settle().catch(() => {})
      this.#streaming = false
    }
  }

  #requireClosed(operation: string): void {
    this.#cursor.requireIdle(operation)
    if (this.#streaming) throw new SessionBusyError(operation, 'generate')
  }

  #markOf(name: string): Cursor {
    const mark = this.#marks.get(name)
    if (mark) return mark
    const expected = this.#marks.size > 0 ? `one of ${this.marks.join(', ')}` : 'a mark made with mark()'
    throw new GenerateArgumentError({ argument: 'name', expected, actual: name })
  }
}

/** A session with an empty text. */
export async function createSession(model: LanguageModel, options: SessionOptions = {}): Promise<Session> {
  const checked = validateSessionOptions(options, model.spec.vocabSize)
  return new Session(new Cursor(model, await model.createState()), checked)
}

/**
 * The session that `snapshot` saved, in this or another process, on this or another backend. Throws before anything is kept if the bytes
 * are damaged, belong to another model or are no snapshot of a session.
 */
export async function restoreSession(
  model: LanguageModel,
  bytes: Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  const checked = validateSessionOptions(options, model.spec.vocabSize)
  return new Session(await loadCursor(model, bytes), checked)
}
