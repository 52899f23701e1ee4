/** An automaton beside a vocabulary: which tokens may come next in a text. It serves any number of texts at once. */
import type { TokenMask } from '@retnet/generate'
import { GrammarDeadEndError } from '../errors.js'
import type { Matcher, Place } from './matcher.js'
import type { TokenConstraint } from './token-constraint.js'
import type { Vocabulary } from './vocabulary.js'

const maxMaskBytes = 4 * 1024 * 1024
/** Of one mask: some tens of milliseconds. */
const maxWork = 500_000

export class Grammar {
  readonly #matcher: Matcher
  readonly #vocabulary: Vocabulary
  readonly #masks = new Map<Place, TokenMask>()

  constructor(matcher: Matcher, vocabulary: Vocabulary) {
    this.#matcher = matcher
    this.#vocabulary = vocabulary
  }

  /** Estimated, with what has been worked out until now. */
  get bytes(): number {
    return this.#matcher.bytes + this.#masks.size * this.#maskBytes
  }

  /**
   * A constraint for one text that begins, or that goes on behind the ids `taken`. `stopIds` end the text where it may end; without any it
   * ends as soon as it may.
   */
  constrain(stopIds: ReadonlySet<number>, taken: ArrayLike<number> = []): TokenConstraint {
    let place = this.#matcher.start
    let ended = false
    const constraint: TokenConstraint = {
      mask: () => this.#mask(place, stopIds),
      accept: (id) => {
        ended ||= stopIds.has(id)
        if (!ended) place = this.#take(place, id)
      },
      get isComplete() {
        return ended || (place.mayEnd && (stopIds.size === 0 || place.frames.length === 0))
      },
    }
    for (let at = 0; at < taken.length; at++) constraint.accept(taken[at])
    return constraint
  }

  #take(from: Place, id: number): Place {
    const bytes = this.#vocabulary.bytesOf(id) ?? []
    let place = bytes.length > 0 ? from : null
    for (const byte of bytes) place = place && this.#matcher.step(place, byte)
    if (place === null) throw new GrammarDeadEndError(`the token ${id} is not allowed here`)
    return place
  }

  #mask(place: Place, stopIds: ReadonlySet<number>): TokenMask {
    const written = this.#masks.get(place) ?? this.#keep(place, this.#written(place))
    const mask = written.slice()
    for (const id of stopIds) {
      if (place.mayEnd) mask[id >>> 5] |= 1 << (id & 31)
      // also where the token has text that would fit
      else mask[id >>> 5] &= ~(1 << (id & 31))
    }
    if (mask.every((word) => word === 0)) throw new GrammarDeadEndError()
    return mask
  }

  /** The tokens that go on from here. */
  #written(place: Place): TokenMask {
    const { size, ids, bytes, shared } = this.#vocabulary
    const mask = new Uint32Array(Math.ceil(size / 32))
    const path = [place]
    const limit = this.#matcher.work + maxWork
    // the byte at which the last token failed: those that share it fail too
    let failed = Infinity
    for (let at = 0; at < ids.length; at++) {
      if (shared[at] > failed) continue
      failed = this.#follow(path, bytes[at], shared[at])
      if (failed === Infinity) mask[ids[at] >>> 5] |= 1 << (ids[at] & 31)
      if (this.#matcher.work > limit) throw new GrammarDeadEndError('there are too many ways to read the text')
    }
    return mask
  }

  /** Goes along `bytes` from byte `from` on; returns where it fails, or Infinity. `path` gets the places on the way. */
  #follow(path: Place[], bytes: Uint8Array, from: number): number {
    for (let depth = from; depth < bytes.length; depth++) {
      const next = this.#matcher.step(path[depth], bytes[depth])
      if (next === null) return depth
      path[depth + 1] = next
    }
    return Infinity
  }

  #keep(place: Place, mask: TokenMask): TokenMask {
    if ((this.#masks.size + 1) * this.#maskBytes > maxMaskBytes) this.#masks.clear()
    this.#masks.set(place, mask)
    return mask
  }

  get #maskBytes(): number {
    return this.#vocabulary.size / 8 + 200
  }
}
