/** Everything that distinguishes one RetNet from another. Weights are not part of it; families of checkpoints map onto it. */
import type { DecaySchedule } from '../retention/decay.js'

export type Activation = 'silu' | 'gelu'

export interface RetNetSpec {
  readonly vocabSize: number
  /** Width of the residual stream, D. */
  readonly width: number
  readonly layers: number
  readonly heads: number
  /** Heads of keys and values; each serves heads / keyValueHeads queries (fla `num_kv_heads`). */
  readonly keyValueHeads: number
  /** Width of all query heads together: heads * Dk (fla: width * expand_k). */
  readonly keyWidth: number
  /** Width of all output heads together: heads * Dv (fla: width * expand_v; torchscale: decoder_value_embed_dim). */
  readonly valueWidth: number
  readonly decay: DecaySchedule
  /** Where 1 / sqrt(Dk) is applied: fla scales queries, torchscale keys (and therefore its state). */
  readonly scoreScale: 'query' | 'key'
  /** Division of each output row by the square root of its decay sum, before the head norm (torchscale, syncdoth). */
  readonly rowNorm: 'none' | 'sqrt-decay-sum'
  readonly rotary: {
    readonly layout: 'interleaved' | 'half'
    readonly frequencies: 'inclusive' | 'standard'
    readonly base: number
  }
  /** Norms of the blocks, of the embedding and at the end. */
  readonly norm: NormSpec & { readonly bias: boolean }
  /** Norm of each head's output; an affine weight [Dv] is shared by the heads. */
  readonly headNorm: NormSpec & { readonly affine: boolean }
  /** Activation of the output gate, or none for a model without gate. */
  readonly gate: Activation | 'none'
  readonly feedForward: FeedForwardSpec
  readonly bias: { readonly projections: boolean; readonly output: boolean; readonly head: boolean }
  /** Factor on the embeddings: 1, or sqrt(width). */
  readonly embeddingScale: number
  readonly embeddingNorm: boolean
  /** Norm before each block (and one at the end), or after each residual sum. */
  readonly normPlacement: 'pre' | 'post'
  readonly finalNorm: boolean
  /** Factor on the residual stream at every sum (DeepNet alpha, arXiv 2203.00555). */
  readonly residualScale: number
  /** The output projection is the embedding table. */
  readonly tiedHead: boolean
}

export interface NormSpec {
  readonly kind: 'rms' | 'layer'
  readonly epsilon: number
}

export interface FeedForwardSpec {
  /** `glu`: down(activation(gate x) * up x). `mlp`: down(norm(activation(up x))). */
  readonly kind: 'glu' | 'mlp'
  readonly width: number
  readonly activation: Activation
  readonly bias: boolean
  /** Norm between the two layers of an `mlp`. */
  readonly innerNorm: (NormSpec & { readonly bias: boolean }) | null
}

export interface HeadWidths {
  /** Dk */
  readonly key: number
  /** Dv */
  readonly value: number
}

export function headWidths(spec: RetNetSpec): HeadWidths {
  return { key: spec.keyWidth / spec.heads, value: spec.valueWidth / spec.heads }
}

/** Bytes of the recurrent state of one sequence: layers * heads * Dk * Dv float32 numbers and the position. */
export function stateBytes(spec: RetNetSpec): number {
  const { key, value } = headWidths(spec)
  return spec.layers * spec.heads * key * value * 4 + 4
}
