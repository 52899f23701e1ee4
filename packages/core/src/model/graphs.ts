/** The graphs that running and training a RetNet need, each for one static shape. */
import type { Graph } from '../contract/graph.js'
import { trace } from '../graph/builder.js'
import { dropUnusedParameters, prune } from '../graph/prune.js'
import { embed } from '../ops/contraction.js'
import { scale } from '../ops/elementwise.js'
import { crossEntropy } from '../ops/loss.js'
import { sum } from '../ops/reduction.js'
import { reshape } from '../ops/structure.js'
import { checkSpec } from './check-spec.js'
import { languageModelHead, retnet } from './retnet.js'
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
