import { expect, test } from 'vitest'
import { kernel, read, type Slot } from '../../compile/kernel.js'
import { matrixTile } from './matrix-tile.js'
import { halfOperand } from './operand.js'
import { registerTile } from './register-tile.js'
import type { TileProduct } from './tile-product.js'

const slot = (value: number): Slot => ({ kind: 'value', value })

function product(rows: number, inner: number, columns: number, width: 4 | 8): TileProduct {
  const a = halfOperand('a', slot(0), { outer: rows, inner, along: 'inner' })
  const b = halfOperand('b', slot(1), { outer: columns, inner, along: 'inner' })
  const four = (name: string) =>
    ({
      along: 'inner',
      width: 4,
      at: (outer: string, k: string) => `${name}[(${outer} * ${inner}u + ${k}) / 4u]`,
    }) as const
  return {
    name: 'matmul',
    rows,
    columns,
    layers: 1,
    bindings:
      width === 8 ? [...a.bindings, ...b.bindings] : [read('a', slot(0), 'vec4<f32>'), read('b', slot(1), 'vec4<f32>')],
    declarations: '',
    prologue: '',
    terms: [width === 8 ? { inner, a: a.operand, b: b.operand } : { inner, a: four('a'), b: four('b') }],
    output: { slot: slot(2), base: 'layer * 1u', stride: columns, rowLimit: `${rows}u` },
  }
}

test('the register tile of 64 x 32 x 64', () => {
  expect(kernel(registerTile(product(64, 32, 64, 4), 64)).code).toMatchInlineSnapshot(`
    "@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
    @group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
    @group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

    var<workgroup> tileA: array<vec4f, 256>;
    var<workgroup> tileB: array<vec4f, 256>;
    @compute @workgroup_size(64)
    fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = raw;
    let layer = group.z;
    let band = group.x / 8u * 8u;
    let inBand = group.x % 8u;
    let bandHeight = min(8u, 1u - band);
    let top = (band + inBand % bandHeight) * 64u;
    let left = inBand / bandHeight * 64u;

    let down = lane / 8u;
    let across = lane % 8u;
    var left0 = vec4f(); var right0 = vec4f();
    var left1 = vec4f(); var right1 = vec4f();
    var left2 = vec4f(); var right2 = vec4f();
    var left3 = vec4f(); var right3 = vec4f();
    var left4 = vec4f(); var right4 = vec4f();
    var left5 = vec4f(); var right5 = vec4f();
    var left6 = vec4f(); var right6 = vec4f();
    var left7 = vec4f(); var right7 = vec4f();
    {
    let innerA = lane % 4u * 4u; let outerA = lane % 64u / 4u * 4u;
    let innerB = lane % 4u * 4u; let outerB = lane % 64u / 4u * 4u;
    var nextA0 = vec4f(); var nextB0 = vec4f();
    var nextA1 = vec4f(); var nextB1 = vec4f();
    var nextA2 = vec4f(); var nextB2 = vec4f();
    var nextA3 = vec4f(); var nextB3 = vec4f();
    nextA0 = a[((top + outerA + 0u) * 32u + (0u + innerA)) / 4u];
    nextA1 = a[((top + outerA + 1u) * 32u + (0u + innerA)) / 4u];
    nextA2 = a[((top + outerA + 2u) * 32u + (0u + innerA)) / 4u];
    nextA3 = a[((top + outerA + 3u) * 32u + (0u + innerA)) / 4u];
    nextB0 = b[((left + outerB + 0u) * 32u + (0u + innerB)) / 4u];
    nextB1 = b[((left + outerB + 1u) * 32u + (0u + innerB)) / 4u];
    nextB2 = b[((left + outerB + 2u) * 32u + (0u + innerB)) / 4u];
    nextB3 = b[((left + outerB + 3u) * 32u + (0u + innerB)) / 4u];
    for (var step = 0u; step < 32u; step += 16u) {
    workgroupBarrier();
    tileA[(innerA + 0u) * 16u + ((outerA / 4u) ^ (innerA / 2u))] = vec4f(nextA0[0], nextA1[0], nextA2[0], nextA3[0]);
    tileA[(innerA + 1u) * 16u + ((outerA / 4u) ^ (innerA / 2u))] = vec4f(nextA0[1], nextA1[1], nextA2[1], nextA3[1]);
    tileA[(innerA + 2u) * 16u + ((outerA / 4u) ^ (innerA / 2u))] = vec4f(nextA0[2], nextA1[2], nextA2[2], nextA3[2]);
    tileA[(innerA + 3u) * 16u + ((outerA / 4u) ^ (innerA / 2u))] = vec4f(nextA0[3], nextA1[3], nextA2[3], nextA3[3]);
    tileB[(innerB + 0u) * 16u + ((outerB / 4u) ^ (innerB / 2u))] = vec4f(nextB0[0], nextB1[0], nextB2[0], nextB3[0]);
    tileB[(innerB + 1u) * 16u + ((outerB / 4u) ^ (innerB / 2u))] = vec4f(nextB0[1], nextB1[1], nextB2[1], nextB3[1]);
    tileB[(innerB + 2u) * 16u + ((outerB / 4u) ^ (innerB / 2u))] = vec4f(nextB0[2], nextB1[2], nextB2[2], nextB3[2]);
    tileB[(innerB + 3u) * 16u + ((outerB / 4u) ^ (innerB / 2u))] = vec4f(nextB0[3], nextB1[3], nextB2[3], nextB3[3]);
    workgroupBarrier();
    if (step + 16u < 32u) {
    nextA0 = a[((top + outerA + 0u) * 32u + (step + 16u + innerA)) / 4u];
    nextA1 = a[((top + outerA + 1u) * 32u + (step + 16u + innerA)) / 4u];
    nextA2 = a[((top + outerA + 2u) * 32u + (step + 16u + innerA)) / 4u];
    nextA3 = a[((top + outerA + 3u) * 32u + (step + 16u + innerA)) / 4u];
    nextB0 = b[((left + outerB + 0u) * 32u + (step + 16u + innerB)) / 4u];
    nextB1 = b[((left + outerB + 1u) * 32u + (step + 16u + innerB)) / 4u];
    nextB2 = b[((left + outerB + 2u) * 32u + (step + 16u + innerB)) / 4u];
    nextB3 = b[((left + outerB + 3u) * 32u + (step + 16u + innerB)) / 4u];
    }
    for (var k = 0u; k < 16u; k++) {
    let at = k * 16u;
    let swizzle = k / 4u * 2u;
    let a0 = tileA[at + (down ^ swizzle)]; let a1 = tileA[at + ((down + 8u) ^ swizzle)];
    let b0 = tileB[at + (across ^ swizzle)]; let b1 = tileB[at + ((across + 8u) ^ swizzle)];
    left0 += a0[0] * b0; right0 += a0[0] * b1;
    left1 += a0[1] * b0; right1 += a0[1] * b1;
    left2 += a0[2] * b0; right2 += a0[2] * b1;
    left3 += a0[3] * b0; right3 += a0[3] * b1;
    left4 += a1[0] * b0; right4 += a1[0] * b1;
    left5 += a1[1] * b0; right5 += a1[1] * b1;
    left6 += a1[2] * b0; right6 += a1[2] * b1;
    left7 += a1[3] * b0; right7 += a1[3] * b1;
    }
    }
    }
    if ((top + down * 4u + 0u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 0u) * 64u + (left + across * 4u + 0u)) / 4u] = left0; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 0u) * 64u + (left + across * 4u + 32u)) / 4u] = right0; }
    }
    if ((top + down * 4u + 1u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 1u) * 64u + (left + across * 4u + 0u)) / 4u] = left1; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 1u) * 64u + (left + across * 4u + 32u)) / 4u] = right1; }
    }
    if ((top + down * 4u + 2u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 2u) * 64u + (left + across * 4u + 0u)) / 4u] = left2; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 2u) * 64u + (left + across * 4u + 32u)) / 4u] = right2; }
    }
    if ((top + down * 4u + 3u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 3u) * 64u + (left + across * 4u + 0u)) / 4u] = left3; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 3u) * 64u + (left + across * 4u + 32u)) / 4u] = right3; }
    }
    if ((top + down * 4u + 32u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 32u) * 64u + (left + across * 4u + 0u)) / 4u] = left4; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 32u) * 64u + (left + across * 4u + 32u)) / 4u] = right4; }
    }
    if ((top + down * 4u + 33u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 33u) * 64u + (left + across * 4u + 0u)) / 4u] = left5; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 33u) * 64u + (left + across * 4u + 32u)) / 4u] = right5; }
    }
    if ((top + down * 4u + 34u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 34u) * 64u + (left + across * 4u + 0u)) / 4u] = left6; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 34u) * 64u + (left + across * 4u + 32u)) / 4u] = right6; }
    }
    if ((top + down * 4u + 35u) < 64u) {
    if ((left + across * 4u + 0u) < 64u) { y[(layer * 1u + (top + down * 4u + 35u) * 64u + (left + across * 4u + 0u)) / 4u] = left7; }
    if ((left + across * 4u + 32u) < 64u) { y[(layer * 1u + (top + down * 4u + 35u) * 64u + (left + across * 4u + 32u)) / 4u] = right7; }
    }
    }"
  `)
})

test('the matrix tile of 128 x 64 x 128', () => {
  expect(kernel(matrixTile(product(128, 64, 128, 8))).code).toMatchInlineSnapshot(`
    "enable f16;
    enable subgroups;
    enable chromium_experimental_subgroup_matrix;
    @group(0) @binding(0) var<storage, read> a: array<vec4<u32>>;
    @group(0) @binding(1) var<storage, read> b: array<vec4<u32>>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;

    fn halves(v: vec4f) -> vec2<u32> {
      let nan = (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
      let safe = select(clamp(v, vec4f(-65504.0), vec4f(65504.0)), v, nan);
      return vec2<u32>(pack2x16float(safe.xy), pack2x16float(safe.zw));
    }
    var<workgroup> tileA: array<f16, 5120>;
    var<workgroup> tileB: array<f16, 5120>;
    var<workgroup> spill: array<f32, 1024>;
    @diagnostic(off, chromium.subgroup_matrix_uniformity)
    @compute @workgroup_size(128)
    fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32, @builtin(subgroup_invocation_id) subgroupLane: u32, @builtin(subgroup_size) subgroupSize: u32) {
    let group = raw;
    let layer = group.z;
    let band = group.x / 8u * 8u;
    let inBand = group.x % 8u;
    let bandHeight = min(8u, 1u - band);
    let top = (band + inBand % bandHeight) * 128u;
    let left = inBand / bandHeight * 128u;

    let part = lane / 32u;
    let down = part / 2u * 64u;
    let across = part % 2u * 64u;
    var sum0: subgroup_matrix_result<f32, 16, 16>;
    var sum1: subgroup_matrix_result<f32, 16, 16>;
    var sum2: subgroup_matrix_result<f32, 16, 16>;
    var sum3: subgroup_matrix_result<f32, 16, 16>;
    var sum4: subgroup_matrix_result<f32, 16, 16>;
    var sum5: subgroup_matrix_result<f32, 16, 16>;
    var sum6: subgroup_matrix_result<f32, 16, 16>;
    var sum7: subgroup_matrix_result<f32, 16, 16>;
    var sum8: subgroup_matrix_result<f32, 16, 16>;
    var sum9: subgroup_matrix_result<f32, 16, 16>;
    var sum10: subgroup_matrix_result<f32, 16, 16>;
    var sum11: subgroup_matrix_result<f32, 16, 16>;
    var sum12: subgroup_matrix_result<f32, 16, 16>;
    var sum13: subgroup_matrix_result<f32, 16, 16>;
    var sum14: subgroup_matrix_result<f32, 16, 16>;
    var sum15: subgroup_matrix_result<f32, 16, 16>;
    {
    let innerA0 = (lane + 0u) % 4u * 8u; let outerA0 = (lane + 0u) / 4u; var nextA0 = vec4<u32>();
    let innerA1 = (lane + 128u) % 4u * 8u; let outerA1 = (lane + 128u) / 4u; var nextA1 = vec4<u32>();
    let innerA2 = (lane + 256u) % 4u * 8u; let outerA2 = (lane + 256u) / 4u; var nextA2 = vec4<u32>();
    let innerA3 = (lane + 384u) % 4u * 8u; let outerA3 = (lane + 384u) / 4u; var nextA3 = vec4<u32>();
    let innerB0 = (lane + 0u) % 4u * 8u; let outerB0 = (lane + 0u) / 4u; var nextB0 = vec4<u32>();
    let innerB1 = (lane + 128u) % 4u * 8u; let outerB1 = (lane + 128u) / 4u; var nextB1 = vec4<u32>();
    let innerB2 = (lane + 256u) % 4u * 8u; let outerB2 = (lane + 256u) / 4u; var nextB2 = vec4<u32>();
    let innerB3 = (lane + 384u) % 4u * 8u; let outerB3 = (lane + 384u) / 4u; var nextB3 = vec4<u32>();
    nextA0 = a[(layer * 128u + (top + outerA0)) * 8u + min((0u + innerA0), 56u) / 8u];
    nextA1 = a[(layer * 128u + (top + outerA1)) * 8u + min((0u + innerA1), 56u) / 8u];
    nextA2 = a[(layer * 128u + (top + outerA2)) * 8u + min((0u + innerA2), 56u) / 8u];
    nextA3 = a[(layer * 128u + (top + outerA3)) * 8u + min((0u + innerA3), 56u) / 8u];
    nextB0 = b[(layer * 128u + (left + outerB0)) * 8u + min((0u + innerB0), 56u) / 8u];
    nextB1 = b[(layer * 128u + (left + outerB1)) * 8u + min((0u + innerB1), 56u) / 8u];
    nextB2 = b[(layer * 128u + (left + outerB2)) * 8u + min((0u + innerB2), 56u) / 8u];
    nextB3 = b[(layer * 128u + (left + outerB3)) * 8u + min((0u + innerB3), 56u) / 8u];
    for (var step = 0u; step < 64u; step += 32u) {

    workgroupBarrier();
    { let at = outerA0 * 40u + innerA0; let turn = lane & 3u; let once = select(nextA0, nextA0.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; } }
    { let at = outerA1 * 40u + innerA1; let turn = lane & 3u; let once = select(nextA1, nextA1.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; } }
    { let at = outerA2 * 40u + innerA2; let turn = lane & 3u; let once = select(nextA2, nextA2.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; } }
    { let at = outerA3 * 40u + innerA3; let turn = lane & 3u; let once = select(nextA3, nextA3.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileA[to] = two[0]; tileA[to + 1u] = two[1]; } }
    { let at = outerB0 * 40u + innerB0; let turn = lane & 3u; let once = select(nextB0, nextB0.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; } }
    { let at = outerB1 * 40u + innerB1; let turn = lane & 3u; let once = select(nextB1, nextB1.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; } }
    { let at = outerB2 * 40u + innerB2; let turn = lane & 3u; let once = select(nextB2, nextB2.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; } }
    { let at = outerB3 * 40u + innerB3; let turn = lane & 3u; let once = select(nextB3, nextB3.yzwx, (turn & 1u) != 0u);
    let words = select(once, once.zwxy, (turn & 2u) != 0u);
    { let two = bitcast<vec2<f16>>(words[0]); let to = at + ((turn + 0u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[1]); let to = at + ((turn + 1u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[2]); let to = at + ((turn + 2u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; }
    { let two = bitcast<vec2<f16>>(words[3]); let to = at + ((turn + 3u) & 3u) * 2u;
    tileB[to] = two[0]; tileB[to + 1u] = two[1]; } }
    workgroupBarrier();
    if (step + 32u < 64u) {
    nextA0 = a[(layer * 128u + (top + outerA0)) * 8u + min(((step + 32u) + innerA0), 56u) / 8u];
    nextA1 = a[(layer * 128u + (top + outerA1)) * 8u + min(((step + 32u) + innerA1), 56u) / 8u];
    nextA2 = a[(layer * 128u + (top + outerA2)) * 8u + min(((step + 32u) + innerA2), 56u) / 8u];
    nextA3 = a[(layer * 128u + (top + outerA3)) * 8u + min(((step + 32u) + innerA3), 56u) / 8u];
    nextB0 = b[(layer * 128u + (left + outerB0)) * 8u + min(((step + 32u) + innerB0), 56u) / 8u];
    nextB1 = b[(layer * 128u + (left + outerB1)) * 8u + min(((step + 32u) + innerB1), 56u) / 8u];
    nextB2 = b[(layer * 128u + (left + outerB2)) * 8u + min(((step + 32u) + innerB2), 56u) / 8u];
    nextB3 = b[(layer * 128u + (left + outerB3)) * 8u + min(((step + 32u) + innerB3), 56u) / 8u];
    }
    for (var k = 0u; k < 32u; k += 16u) {
    let a0 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&tileA, (down + 0u) * 40u + k, 40u);
    let a1 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&tileA, (down + 16u) * 40u + k, 40u);
    let a2 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&tileA, (down + 32u) * 40u + k, 40u);
    let a3 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&tileA, (down + 48u) * 40u + k, 40u);
    {
    let b = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, col_major>(&tileB, (across + 0u) * 40u + k, 40u);
    sum0 = subgroupMatrixMultiplyAccumulate(a0, b, sum0);
    sum4 = subgroupMatrixMultiplyAccumulate(a1, b, sum4);
    sum8 = subgroupMatrixMultiplyAccumulate(a2, b, sum8);
    sum12 = subgroupMatrixMultiplyAccumulate(a3, b, sum12);
    }
    {
    let b = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, col_major>(&tileB, (across + 16u) * 40u + k, 40u);
    sum1 = subgroupMatrixMultiplyAccumulate(a0, b, sum1);
    sum5 = subgroupMatrixMultiplyAccumulate(a1, b, sum5);
    sum9 = subgroupMatrixMultiplyAccumulate(a2, b, sum9);
    sum13 = subgroupMatrixMultiplyAccumulate(a3, b, sum13);
    }
    {
    let b = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, col_major>(&tileB, (across + 32u) * 40u + k, 40u);
    sum2 = subgroupMatrixMultiplyAccumulate(a0, b, sum2);
    sum6 = subgroupMatrixMultiplyAccumulate(a1, b, sum6);
    sum10 = subgroupMatrixMultiplyAccumulate(a2, b, sum10);
    sum14 = subgroupMatrixMultiplyAccumulate(a3, b, sum14);
    }
    {
    let b = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, col_major>(&tileB, (across + 48u) * 40u + k, 40u);
    sum3 = subgroupMatrixMultiplyAccumulate(a0, b, sum3);
    sum7 = subgroupMatrixMultiplyAccumulate(a1, b, sum7);
    sum11 = subgroupMatrixMultiplyAccumulate(a2, b, sum11);
    sum15 = subgroupMatrixMultiplyAccumulate(a3, b, sum15);
    }
    }
    }
    workgroupBarrier();
    }
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 0u) * 128u + left + across + 0u, sum0, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 0u) * 128u + left + across + 16u, sum1, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 0u) * 128u + left + across + 32u, sum2, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 0u) * 128u + left + across + 48u, sum3, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 16u) * 128u + left + across + 0u, sum4, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 16u) * 128u + left + across + 16u, sum5, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 16u) * 128u + left + across + 32u, sum6, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 16u) * 128u + left + across + 48u, sum7, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 32u) * 128u + left + across + 0u, sum8, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 32u) * 128u + left + across + 16u, sum9, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 32u) * 128u + left + across + 32u, sum10, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 32u) * 128u + left + across + 48u, sum11, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 48u) * 128u + left + across + 0u, sum12, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 48u) * 128u + left + across + 16u, sum13, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 48u) * 128u + left + across + 32u, sum14, 128u);
    subgroupMatrixStore<row_major>(&y, layer * 1u + (top + down + 48u) * 128u + left + across + 48u, sum15, 128u);
    }"
  `)
})
