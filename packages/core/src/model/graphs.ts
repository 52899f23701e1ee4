/** The graphs that running and training a RetNet need, each for one static shape. */
import type { Graph } from '../contract/graph.js'
import { trace } from '../graph/builder.js'
import { dropUnusedParameters, prune } from '../graph/prune.js'
import { embed } from '../ops/contraction.js'
import { mul, scale } from '../ops/elementwise.js'
import { crossEntropy } from '../ops/loss.js'
import { sum } from '../ops/reduction.js'
import { accept, ruleNames, sample } from '../ops/sample.js'
import { broadcast, reshape } from '../ops/structure.js'
import { checkSpec } from './check-spec.js'
import { languageModelHead, retnet, retnetWithCount } from './retnet.js'
import type { RetNetSpec } from './spec.js'

export interface GraphSize {
  /** B: independent sequences. */
  readonly rows: number
  /** T: tokens of each row in one run; shorter rows are masked. */
  readonly length: number
}

/** tokens, mask i32 [B, T] -> logits [B, T, V]. */
export function logitsGraph(spec: RetNetSpec, { rows, length }: GraphSize): Graph {
  checkSpec(spec)
  return trace('retnet.logits', (g) => {
    const tokens = g.input('tokens', [rows, length], 'i32')
    const mask = g.input('mask', [rows, length], 'i32')
    return { logits: languageModelHead(g, spec, retnet(g, spec, { tokens, mask })) }
  })
}

/**
 * tokens, mask i32 [B, T] and last i32 [B] (flat index b * T + t of the token whose prediction is wanted) -> logits [B, V].
 * The vocabulary product, a large part of a small model, is done for one token a row.
 */
export function nextTokenGraph(spec: RetNetSpec, { rows, length }: GraphSize): Graph {
  checkSpec(spec)
  return trace('retnet.next', (g) => {
    const tokens = g.input('tokens', [rows, length], 'i32')
    const mask = g.input('mask', [rows, length], 'i32')
    const hidden = retnet(g, spec, { tokens, mask })
    if (length === 1) return { logits: reshape(languageModelHead(g, spec, hidden), [rows, spec.vocabSize]) }
    const last = embed(reshape(hidden, [rows * length, spec.width]), g.input('last', [rows], 'i32'))
    return { logits: languageModelHead(g, spec, last) }
  })
}

/** Ids with which a row can end by itself. */
export const mostStopIds = 8

export interface DecodeOptions {
  /** With the input `history` i32 [B, V], for the penalties; see `sample`. */
  readonly history?: boolean
  /** With the input `bias` [B, V]. */
  readonly bias?: boolean
}

/**
 * Takes in a token of each row and draws the one after it. token i32 [B], mask i32 [B, 1] (0: the row keeps its state and its token),
 * ends i32 [B, 1 + S] as `accept` and rules [B, 7], seed i32 [B, 2], history i32 [B, V] and bias [B, V] as `sample` has them ->
 * drawn i32 [B] (-1 where nothing could be drawn), and token, mask, ends and history of the next run: carry them. A row that has
 * drawn its last token has not taken it in.
 */
export function decodeGraph(spec: RetNetSpec, rows: number, options: DecodeOptions = {}): Graph {
  checkSpec(spec)
  const { vocabSize } = spec
  return trace('retnet.decode', (g) => {
    const token = g.input('token', [rows], 'i32')
    const mask = g.input('mask', [rows, 1], 'i32')
    const { hidden, count } = retnetWithCount(g, spec, { tokens: reshape(token, [rows, 1]), mask })
    const history = options.history ? g.input('history', [rows, vocabSize], 'i32') : null
    const drawn = sample({
      logits: reshape(languageModelHead(g, spec, hidden), [rows, vocabSize]),
      rules: g.input('rules', [rows, ruleNames.length]),
      seed: g.input('seed', [rows, 2], 'i32'),
      index: count,
      history,
      bias: options.bias ? g.input('bias', [rows, vocabSize]) : null,
    })
    const ends = g.input('ends', [rows, 1 + mostStopIds], 'i32')
    const next = accept({ drawn, previous: token, mask: reshape(mask, [rows]), ends, history })
    return {
      drawn,
      token: next.token,
      mask: reshape(next.mask, [rows, 1]),
      ends: next.ends,
      ...(next.history && { history: next.history }),
    }
  })
}

/**
 * tokens, mask i32 [B, T] and weights [B, T] -> pooled [B, D]: the hidden states after the last norm, times their weights, summed over T.
 * What a text is embedded with; padded tokens need the weight 0.
 */
export function embedGraph(spec: RetNetSpec, { rows, length }: GraphSize): Graph {
  checkSpec(spec)
  const graph = trace('retnet.embed', (g) => {
    const tokens = g.input('tokens', [rows, length], 'i32')
    const hidden = retnet(g, spec, { tokens, mask: g.input('mask', [rows, length], 'i32') }) // [B, T, D]
    const weights = reshape(g.input('weights', [rows, length]), [rows, length, 1])
    const weighted = mul(hidden, broadcast(weights, [rows, length, spec.width]))
    return { pooled: reshape(sum(weighted, [1]), [rows, spec.width]) }
  })
  return dropUnusedParameters(prune(graph))
}

/** tokens, mask i32 [B, T] -> no output: advances the state only. */
export function consumeGraph(spec: RetNetSpec, { rows, length }: GraphSize): Graph {
  checkSpec(spec)
  const graph = trace('retnet.consume', (g) => {
    const tokens = g.input('tokens', [rows, length], 'i32')
    retnet(g, spec, { tokens, mask: g.input('mask', [rows, length], 'i32') })
    return {}
  })
  return dropUnusedParameters(prune(graph))
}

/** tokens, mask, targets i32 [B, T] (target -1: not counted) -> losses [B, T] in nats and their sum [1] times `weight`. */
export function lossGraph(spec: RetNetSpec, { rows, length }: GraphSize, weight = 1): Graph {
  checkSpec(spec)
  return trace('retnet.loss', (g) => {
    const tokens = g.input('tokens', [rows, length], 'i32')
    const mask = g.input('mask', [rows, length], 'i32')
    const targets = g.input('targets', [rows, length], 'i32')
    const losses = crossEntropy(languageModelHead(g, spec, retnet(g, spec, { tokens, mask })), targets)
    return { losses, loss: scale(reshape(sum(losses, [0, 1]), [1]), weight) }
  })
}

/** Shape of every weight of the model, by name. */
export function parameterShapes(spec: RetNetSpec): Map<string, readonly number[]> {
  const graph = logitsGraph(spec, { rows: 1, length: 1 })
  return new Map(graph.parameters.map(({ name, value }) => [name, graph.types[value].shape]))
}
