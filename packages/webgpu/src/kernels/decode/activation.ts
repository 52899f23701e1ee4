import { erfFunction } from '../elementwise/erf.js'

export type ActivationName = 'silu' | 'gelu'

/** WGSL functions `silu` and `gelu`, those of `names`. */
export function activationFunctions(names: ReadonlySet<ActivationName>): string {
  const silu = 'fn silu(v: f32) -> f32 { return v / (1.0 + exp(-v)); }'
  const gelu = `${erfFunction}\nfn gelu(v: f32) -> f32 { return 0.5 * v * (1.0 + erf(v * 0.70710678118654752)); }`
  return [names.has('silu') ? silu : '', names.has('gelu') ? gelu : ''].filter(Boolean).join('\n')
}
