/**
 * The reference models in `fixtures/`, and how near their logits are to a float64 evaluation of the plain recurrence. Where an
 * implementation departs from the recurrence (torchscale's parallel form clamps its scores, its chunkwise form rescales), the
 * departure is in the tolerance or the output is not compared at all.
 */
export interface FixtureOutput {
  /** Name in expected.safetensors. */
  readonly name: string
  /** Largest difference of one logit. */
  readonly tolerance: number
}

export interface Fixture {
  /** Folder in `fixtures/`. */
  readonly folder: string
  readonly logits: readonly FixtureOutput[]
  /** Name of the states of a layer, and how they are stored. */
  readonly state?: 'recurrent_state' | 'prev_key_value'
  /** Eight more tokens after the text, one by one. */
  readonly decode?: FixtureOutput
  /** Logits under `attention_mask`, compared where the mask is 1. */
  readonly masked?: FixtureOutput
  readonly gradients?: true
}

const torchscale = {
  logits: [
    { name: 'logits.recurrent', tolerance: 1e-4 },
    { name: 'logits.parallel', tolerance: 2e-3 },
  ],
  state: 'prev_key_value',
  gradients: true,
} as const

const syncdoth = {
  logits: torchscale.logits,
  masked: { name: 'logits.masked_parallel', tolerance: 2e-3 },
} as const

const flaTolerance = 5e-5
const fla = {
  logits: ['logits.chunk', 'logits.fused_recurrent'].map((name) => ({ name, tolerance: flaTolerance })),
  decode: { name: 'logits.decode8', tolerance: flaTolerance },
  state: 'recurrent_state',
  gradients: true,
} as const

export const fixtures: readonly Fixture[] = [
  { folder: 'torchscale-base', ...torchscale },
  { folder: 'torchscale-options', ...torchscale },
  { folder: 'torchscale-deepnorm', ...torchscale },
  { folder: 'syncdoth-glu', ...syncdoth },
  { folder: 'syncdoth-ffn-lmdecay', ...syncdoth },
  { folder: 'fla-base', ...fla, logits: [...fla.logits, { name: 'logits.parallel', tolerance: flaTolerance }] },
  { folder: 'fla-mqa', ...fla },
]

/** Between our own forms, whatever their chunks: rounding only. */
export const formTolerance = 1e-4
export const stateTolerance = 1e-4
/** Of the norm of a gradient. */
export const gradientTolerance = 1e-3
