/** One result, as JSON or as tables in markdown. */
export interface Report {
  readonly machine: {
    readonly processor: string
    readonly cores: number
    readonly load: number
    readonly node: string
    readonly backend: string
  }
  readonly bandwidth: readonly { readonly threads: number; readonly bytesPerSecond: number }[]
  readonly gate: readonly { readonly name: string; readonly equal: number; readonly of: number }[]
  readonly decode: readonly DecodeRow[]
  readonly prefill: readonly PrefillRow[]
  readonly position: readonly {
    readonly name: string
    readonly msPerToken: number
    readonly stateBytes: number
    readonly ratio: number
  }[]
}

export interface DecodeRow {
  readonly name: string
  readonly tokensPerSecond: number
  /** To the float64 interpreter. */
  readonly ratio: number
  readonly weightBytes: number
  /** (weight bytes + 2 * state bytes) * tokens/s over the copy bandwidth of all threads; the interpreter has none. */
  readonly shareOfBandwidth: number | null
}

export interface PrefillRow {
  readonly name: string
  readonly tokensPerSecond: number
  /** To taking in one token after another, which computes no logits either. */
  readonly ratio: number
  /** To decoding, which computes logits for each token. */
  readonly ratioToDecode: number
}

export function markdown({ machine, bandwidth, gate, decode, prefill, position }: Report): string {
  const copy = bandwidth.map(
    ({ threads, bytesPerSecond }) => `${(bytesPerSecond / 1e9).toFixed(1)} GB/s (${threads} threads)`,
  )
  return [
    `novels-7m on ${machine.processor}, ${machine.cores} cores, load ${machine.load.toFixed(1)}, Node ${machine.node}, ${machine.backend}`,
    `copy bandwidth, bytes read and written: ${copy.join(', ').replace('1 threads', '1 thread')}`,
    `greedy ids equal to the reference: ${gate.map(({ name, equal, of }) => `${name} ${equal}/${of}`).join(', ')}`,
    '',
    ...table(
      ['decode', 'tokens/s', 'x interpreter', 'weights MB', 'share of copy bandwidth'],
      decode.map(({ name, tokensPerSecond, ratio, weightBytes, shareOfBandwidth: share }) => [
        name,
        rate(tokensPerSecond),
        ratio.toFixed(1),
        (weightBytes / 1e6).toFixed(1),
        share === null ? '' : `${(share * 100).toFixed(0)} %`,
      ]),
    ),
    '',
    ...table(
      ['prefill', 'tokens/s', 'x token by token', 'x decode'],
      prefill.map(({ name, tokensPerSecond, ratio, ratioToDecode }) => [
        name,
        rate(tokensPerSecond),
        ratio.toFixed(1),
        ratioToDecode.toFixed(1),
      ]),
    ),
    '',
    ...table(
      ['decode, cpu f32', 'ms a token', 'x the first', 'state bytes'],
      position.map(({ name, msPerToken, ratio, stateBytes }) => [
        name,
        msPerToken.toFixed(3),
        ratio.toFixed(2),
        String(stateBytes),
      ]),
    ),
  ].join('\n')
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)]
}

function rate(tokensPerSecond: number): string {
  return tokensPerSecond < 100 ? tokensPerSecond.toFixed(1) : tokensPerSecond.toFixed(0)
}
