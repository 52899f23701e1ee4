/** Where the numbers of weights lie when they are not inside the model. */

export interface ExternalPlace {
  readonly location: string
  readonly offset: number
  readonly length: number
}

export interface ExternalLayout {
  place(name: string, data: Uint8Array): ExternalPlace
}

/** The file that holds the weights of a model. */
export interface ExternalData {
  /** Its name; it must lie beside the model. */
  readonly location: string
  readonly bytes: number
  /** The contents, in order. */
  chunks(): Iterable<Uint8Array>
}

/** Pages of memory, so that runtimes can map a weight instead of reading it. */
const alignment = 4096

/** One file: weights one after another, each at the beginning of a page. */
export class ExternalFile implements ExternalLayout {
  readonly #location: string
  readonly #placed: { readonly offset: number; readonly data: Uint8Array }[] = []
  #end = 0

  constructor(location: string) {
    this.#location = location
  }

  place(_name: string, data: Uint8Array): ExternalPlace {
    const offset = Math.ceil(this.#end / alignment) * alignment
    this.#placed.push({ offset, data })
    this.#end = offset + data.byteLength
    return { location: this.#location, offset, length: data.byteLength }
  }

  finish(): ExternalData {
    const placed = this.#placed
    function* chunks(): Iterable<Uint8Array> {
      let at = 0
      for (const { offset, data } of placed) {
        if (offset > at) yield new Uint8Array(offset - at)
        yield data
        at = offset + data.byteLength
      }
    }
    return { location: this.#location, bytes: this.#end, chunks }
  }
}

/** A file for each weight, in memory: what a session is given beside its model. */
export class ExternalBuffers implements ExternalLayout {
  readonly files: { readonly path: string; readonly data: Uint8Array }[] = []

  place(name: string, data: Uint8Array): ExternalPlace {
    this.files.push({ path: name, data })
    return { location: name, offset: 0, length: data.byteLength }
  }
}
