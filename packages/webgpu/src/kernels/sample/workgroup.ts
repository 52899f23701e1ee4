/** WGSL reductions of one number a lane whose result all lanes may branch on. */

const kinds = {
  reduceMax: ['u32', 'max(a, b)'],
  reduceMin: ['u32', 'min(a, b)'],
  reduceCount: ['u32', 'a + b'],
  reduceWeight: ['f32', 'a + b'],
} as const

/** Declares `reduceMax`, `reduceMin`, `reduceCount` (u32) and `reduceWeight` (f32); all lanes call them together. */
export function uniformReductions(lanes: number): string {
  const functions = Object.entries(kinds).map(([name, [type, combine]]) => {
    const memory = `${type}Parts`
    return `fn ${name}(value: ${type}, lane: u32) -> ${type} {
  ${memory}[lane] = value;
  for (var step = ${lanes / 2}u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { let a = ${memory}[lane]; let b = ${memory}[lane + step]; ${memory}[lane] = ${combine}; }
  }
  return workgroupUniformLoad(&${memory}[0]);
}`
  })
  return [
    `var<workgroup> u32Parts: array<u32, ${lanes}>;\nvar<workgroup> f32Parts: array<f32, ${lanes}>;`,
    ...functions,
  ].join('\n')
}
