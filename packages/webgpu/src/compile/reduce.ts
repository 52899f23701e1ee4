/** WGSL for sums and maxima over the lanes of a workgroup. */
import type { Profile } from '../device/profile.js'

export interface RowReduction {
  readonly lanes: number
  readonly enables: readonly string[]
  /** Declares `reduceSum(value, lane)` (and `reduceMax`), to be called by all lanes in uniform control flow. */
  readonly declarations: string
}

/** How one workgroup reduces a row of `columns` numbers; `fixed` lanes (a power of two) when the kernel has other work too. */
export function rowReduction(profile: Profile, columns: number, fixed?: number): RowReduction {
  // few lanes need few barriers; a software adapter is fastest that way
  const lanes = fixed ?? (profile.barriers ? Math.min(256, Math.max(32, 2 ** Math.ceil(Math.log2(columns / 4)))) : 4)
  return { lanes, enables: [], declarations: ['Sum', 'Max'].map((kind) => treeReduction(kind, lanes)).join('\n') }
}

function treeReduction(kind: string, lanes: number): string {
  const combine = kind === 'Sum' ? 'scratch[lane] + scratch[lane + step]' : 'max(scratch[lane], scratch[lane + step])'
  const shared = kind === 'Sum' ? `var<workgroup> scratch: array<f32, ${lanes}>;\n` : ''
  return `${shared}fn reduce${kind}(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = ${lanes / 2}u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = ${combine}; }
  }
  workgroupBarrier();
  return scratch[0];
}`
}
