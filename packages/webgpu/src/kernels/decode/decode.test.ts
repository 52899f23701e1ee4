/** The text of one kernel of each kind; that they are right is tested with whole models in `fuse.test.ts`. */
import { expect, test } from 'vitest'
import type { Kernel } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import type { Profile } from '../../device/profile.js'
import { emitProduct, type Product } from './product.js'
import { productShape } from './product-shape.js'
import { emitRetentionStep } from './retention-step.js'
import { HeadStatistics } from './statistics.js'

const profile = { subgroups: true, subgroupSize: 32, barriers: true, tune: {}, maxWorkgroupSize: 1024 } as Profile

/** Values are named by number; value 1 is an f16 weight [columns, inner]. */
function lowering(columns: number, inner: number, emitted: Kernel[] = []): Lowering {
  const unused = (): never => {
    throw new Error('not for these kernels')
  }
  return {
    profile,
    form: 'auto',
    chunk: 64,
    rounded: false,
    type: (value) => ({ dtype: 'f32', shape: value === 1 ? [columns, inner] : [1, inner] }),
    encoding: (value) => (value === 1 ? 'f16' : null),
    slot: (value) => ({ kind: 'value', value }),
    state: (value) => ({ slot: { kind: 'value', value }, half: false }),
    weight: (_value, part) => ({ kind: 'weight', name: 'w', part, piece: 0 }),
    pieces: () => [{ index: 0, first: 0, rows: columns }],
    scratch: unused,
    table: () => ({ kind: 'table', index: 0 }),
    emit: (made) => void emitted.push(made),
  }
}

function product(rows: number, inner: number, residual: Product['residual'] = null): Product {
  const member = { linears: [{ weight: 1, bias: null }], activation: null, output: 3 }
  return {
    name: 'product',
    rows,
    inner,
    encoding: 'f16',
    input: { kind: 'rms', x: 0, weight: 2, bias: null, epsilon: 1e-6 },
    members: [member],
    residual,
  }
}

test('emitProduct: f16, norm of x, residual', () => {
  const emitted: Kernel[] = []
  emitProduct(product(1, 2048, { x: 0, factor: 1 }), lowering(2048, 2048, emitted))
  expect(emitted[0].workgroups).toEqual([1024, 1, 1])
  expect(emitted[0].code).toMatchInlineSnapshot(`
    "enable subgroups;
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
    @group(0) @binding(1) var<storage, read> normWeight: array<vec4<f32>>;
    @group(0) @binding(2) var<storage, read> w0_0: array<vec4<u32>>;
    @group(0) @binding(3) var<storage, read> skip: array<f32>;
    @group(0) @binding(4) var<storage, read_write> y0: array<f32>;
    var<workgroup> parts: array<f32, 24>;
    var<private> groups: u32;
    fn total(index: u32) -> f32 {
      var sum = 0.0;
      for (var i = 0u; i < groups; i++) { sum += parts[i * 3u + index]; }
      return sum;
    }
    @compute @workgroup_size(256)
    fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32, @builtin(subgroup_invocation_id) subgroupLane: u32, @builtin(subgroup_size) subgroupSize: u32) {
    let group = raw;
    let tile = group.x;
    let base = 0u;
    let first = tile * 2u;
    var skipped = 0.0;
    if (lane < 2u) { skipped = skip[min(base + lane / 2u, 0u) * 2048u + min(first + lane % 2u, 2047u)]; }
    let row_0 = (base + 0u) * 512u;
    var sum_0_0_0 = 0.0; var sum_0_1_0 = 0.0; var square_0 = 0.0;
    let start = 0u;
    let k_0 = (start + 0u) * 256u + lane;
    var w_0_0_0: vec4<u32>; var w_0_0_1: vec4<u32>;
    w_0_0_0 = w0_0[(first + 0u) * 256u + k_0];
    w_0_0_1 = w0_0[(first + 1u) * 256u + k_0];

    { let at = k_0 * 2u + 0u; let g = normWeight[at];
    let v_0_0 = vec4f(unpack2x16float(w_0_0_0[0]), unpack2x16float(w_0_0_0[1]));
    let v_0_1 = vec4f(unpack2x16float(w_0_0_1[0]), unpack2x16float(w_0_0_1[1]));
    { let raw = x[row_0 + at]; square_0 += dot(raw, raw); let x_ = raw * g; sum_0_0_0 += dot(v_0_0, x_); sum_0_1_0 += dot(v_0_1, x_); } }
    { let at = k_0 * 2u + 1u; let g = normWeight[at];
    let v_0_0 = vec4f(unpack2x16float(w_0_0_0[2]), unpack2x16float(w_0_0_0[3]));
    let v_0_1 = vec4f(unpack2x16float(w_0_0_1[2]), unpack2x16float(w_0_0_1[3]));
    { let raw = x[row_0 + at]; square_0 += dot(raw, raw); let x_ = raw * g; sum_0_0_0 += dot(v_0_0, x_); sum_0_1_0 += dot(v_0_1, x_); } }
    groups = (256u + subgroupSize - 1u) / subgroupSize;
    let part = lane / subgroupSize * 3u;
    { let sum = subgroupAdd(sum_0_0_0); if (subgroupLane == 0u) { parts[part + 0u] = sum; } }
    { let sum = subgroupAdd(sum_0_1_0); if (subgroupLane == 0u) { parts[part + 1u] = sum; } }
    { let sum = subgroupAdd(square_0); if (subgroupLane == 0u) { parts[part + 2u] = sum; } }
    workgroupBarrier();
    if (lane < 2u) {
    let r = lane / 2u;
    let row = base + r;
    let column = first + lane % 2u;
    let inverse = inverseSqrt(total(2u + r) / f32(2048.00000) + f32(9.99999997e-7));
    y0[row * 2048u + column] = total(lane) * inverse + skipped;
    }
    }"
  `)
})

test('emitRetentionStep: rotation in halves, statistics for a root mean square', () => {
  const emitted: Kernel[] = []
  const statistics = new HeadStatistics({ rows: 1, heads: 1, width: 16, tile: 16 })
  emitRetentionStep(
    {
      rows: 1,
      heads: 1,
      keyWidth: 8,
      valueWidth: 16,
      logDecay: [Math.log(0.5)],
      q: { value: 0, factor: 0.5, group: 1 },
      k: { value: 2, factor: 1, group: 1 },
      v: { value: 3, factor: 1, group: 1 },
      mask: 4,
      state: 5,
      output: 6,
      rotation: { place: 7, angles: new Float32Array(3 * 256 * 8), layout: 'half', inverse: false },
      decayNorm: null,
      statistics,
    },
    lowering(1, 1, emitted),
  )
  expect(emitted[0].workgroups).toEqual([1, 1, 1])
  expect(emitted[0].code).toMatchInlineSnapshot(`
    "@group(0) @binding(0) var<storage, read> q: array<f32>;
    @group(0) @binding(1) var<storage, read> k: array<f32>;
    @group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
    @group(0) @binding(3) var<storage, read> live: array<i32>;
    @group(0) @binding(4) var<storage, read> place: array<i32>;
    @group(0) @binding(5) var<storage, read> angles: array<vec2<f32>>;
    @group(0) @binding(6) var<storage, read_write> state: array<vec4<f32>>;
    @group(0) @binding(7) var<storage, read_write> o: array<f32>;
    const gammas = array<f32, 1>(f32(0.500000000));


    fn turn(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
    var<workgroup> queries: array<f32, 8>;
    var<workgroup> keys: array<f32, 8>;
    var<workgroup> parts: array<vec4f, 32>;

    @compute @workgroup_size(32)
    fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
    let group = raw;
    let tile = group.x % 1u;
    let head = group.x / 1u;
    let h = head % 1u;
    let b = head / 1u;
    if (live[b] == 0) {
      if (lane < 16u && tile * 16u + lane < 16u) { o[head * 16u + tile * 16u + lane] = 0.0; }
      
      return;
    }
    let mine = tile * 4u + lane % 4u;
    let inside = true;
    let column = mine;
    let row = lane / 4u;
    let base = head * 32u + column;
    let start = 0u;
    let i0 = start + 0u + row;
    var s0 = state[base + i0 * 4u];
    let p = u32(place[b]);
    for (var pair = lane; pair < 4u; pair += 32u) {
      let turned = turn(turn(angles[(p & 255u) * 4u + pair], angles[(256u + ((p >> 8u) & 255u)) * 4u + pair]),
        angles[(512u + ((p >> 16u) & 255u)) * 4u + pair]);
      let angle = turned;
      { let x = turn(vec2f(q[head * 8u + pair] * f32(0.500000000), q[head * 8u + pair + 4u] * f32(0.500000000)), angle); queries[pair] = x.x; queries[pair + 4u] = x.y; }
      { let x = turn(vec2f(k[head * 8u + pair], k[head * 8u + pair + 4u]), angle); keys[pair] = x.x; keys[pair + 4u] = x.y; }
    }
    workgroupBarrier();
    let gamma = gammas[h];
    let value = v[head * 4u + column];
    var sum = vec4f();
    s0 = gamma * s0 + keys[i0] * value; sum += queries[i0] * s0; if (inside) { state[base + i0 * 4u] = s0; }
    parts[lane] = sum;
    workgroupBarrier();
    if (lane < 16u) {
      var result = 0.0;
      for (var i = 0u; i < 8u; i++) { result += parts[i * 4u + lane / 4u][lane % 4u]; }
      
      
      { o[head * 16u + tile * 16u + lane] = result; }
    }

    }"
  `)
})

test('productShape keeps eight loads of a lane in flight and never more than eight rows in a block', () => {
  const { lanes, columns, unroll, blocks, block } = productShape(product(32, 4096), lowering(4096, 4096))
  expect({ lanes, columns, unroll, blocks, block }).toEqual({ lanes: 256, columns: 4, unroll: 2, blocks: 4, block: 8 })
})
