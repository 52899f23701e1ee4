/** Sums over the lanes of a workgroup of many numbers at once. */
import type { Profile } from '../../device/profile.js'

export interface LaneSums {
  readonly enables: readonly string[]
  /** Declares `total(index) -> f32`, valid after `store`. */
  readonly declarations: string
  /** Takes the part of this lane for every number; in uniform control flow. */
  store(parts: readonly string[]): string
}

export function laneSums(profile: Profile, lanes: number, count: number): LaneSums {
  return profile.subgroups ? bySubgroups(lanes, count, profile.subgroupSize) : byTree(lanes, count)
}

/** One shared number a subgroup; the few that are left are added by whoever asks. */
function bySubgroups(lanes: number, count: number, smallest: number): LaneSums {
  return {
    enables: ['subgroups'],
    declarations: `var<workgroup> parts: array<f32, ${count * Math.ceil(lanes / smallest)}>;
var<private> groups: u32;
fn total(index: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < groups; i++) { sum += parts[i * ${count}u + index]; }
  return sum;
}`,
    store: (sums) => `groups = (${lanes}u + subgroupSize - 1u) / subgroupSize;
let part = lane / subgroupSize * ${count}u;
${sums.map((sum, index) => `{ let sum = subgroupAdd(${sum}); if (subgroupLane == 0u) { parts[part + ${index}u] = sum; } }`).join('\n')}
workgroupBarrier();`,
  }
}

function byTree(lanes: number, count: number): LaneSums {
  return {
    enables: [],
    declarations: `var<workgroup> parts: array<f32, ${count * lanes}>;
fn total(index: u32) -> f32 { return parts[index * ${lanes}u]; }`,
    store: (sums) => `${sums.map((sum, index) => `parts[${index * lanes}u + lane] = ${sum};`).join('\n')}
for (var step = ${lanes / 2}u; step > 0u; step >>= 1u) {
  workgroupBarrier();
  if (lane < step) { for (var i = lane; i < ${count * lanes}u; i += ${lanes}u) { parts[i] += parts[i + step]; } }
}
workgroupBarrier();`,
  }
}
