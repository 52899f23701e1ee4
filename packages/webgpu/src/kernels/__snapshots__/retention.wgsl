// recurrent: retention.recurrent, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> live: array<i32>;
@group(0) @binding(4) var<storage, read> rates: array<f32>;
@group(0) @binding(5) var<storage, read_write> o: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 16u) { return; }
let j = index % 8u;
let h = index / 8u % 1u;
let b = index / 8u;
let gamma = exp2(rates[h]);
let column = (b * 1u + h) * 48u + j;
for (var step = 0u; step < 3u; step++) {
  let t = step;
  let keys = ((b * 3u + t) * 1u + h) * 6u;
  let values = ((b * 3u + t) * 1u + h) * 8u + j;
  if (live[b * 3u + t] == 0) { o[values] = f32(); continue; }
  let value = v[values];
  var sum = f32();
  for (var i = 0u; i < 6u; i++) {
    let at = column + i * 8u;
    var s = state[at];
    s *= gamma; s += k[keys + i] * value; sum += q[keys + i] * s; state[at] = s;
  }
  o[values] = sum;
}
}

// recurrent, state in halves: retention.recurrent, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> live: array<i32>;
@group(0) @binding(4) var<storage, read> rates: array<f32>;
@group(0) @binding(5) var<storage, read_write> o: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> state: array<vec2<u32>>;
fn halves(v: vec4f) -> vec2<u32> {
  let nan = (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  let safe = select(clamp(v, vec4f(-65504.0), vec4f(65504.0)), v, nan);
  return vec2<u32>(pack2x16float(safe.xy), pack2x16float(safe.zw));
}
fn numbers(h: vec2<u32>) -> vec4f { return vec4f(unpack2x16float(h.x), unpack2x16float(h.y)); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 4u) { return; }
let j = index % 2u;
let h = index / 2u % 1u;
let b = index / 2u;
let gamma = exp2(rates[h]);
let column = (b * 1u + h) * 12u + j;
for (var step = 0u; step < 3u; step++) {
  let t = step;
  let keys = ((b * 3u + t) * 1u + h) * 6u;
  let values = ((b * 3u + t) * 1u + h) * 2u + j;
  if (live[b * 3u + t] == 0) { o[values] = vec4<f32>(); continue; }
  let value = v[values];
  var sum = vec4<f32>();
  for (var i = 0u; i < 6u; i++) {
    let at = column + i * 2u;
    var s = numbers(state[at]);
    s *= gamma; s += k[keys + i] * value; sum += q[keys + i] * s; state[at] = halves(s);
  }
  o[values] = sum;
}
}

// chunkwise: retention.steps, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> live: array<i32>;
@group(0) @binding(1) var<storage, read_write> steps: array<i32>;
@group(0) @binding(2) var<storage, read_write> totals: array<i32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 4u) { return; }
let b = index / 2u;
let start = index % 2u * 2u;
let size = min(2u, 3u - start);
var seen = 0;
for (var i = 0u; i < size; i++) {
  let t = b * 3u + start + i;
  seen += live[t];
  steps[t] = seen;
}
totals[index] = seen;
}

// chunkwise: retention.blocks, 1 x 2 x 2
@group(0) @binding(0) var<storage, read> k: array<f32>;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> live: array<i32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> steps: array<i32>;
@group(0) @binding(5) var<storage, read> totals: array<i32>;
@group(0) @binding(6) var<storage, read_write> blocks: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 4u) { return; }
let n = group.y;
let b = group.z / 1u;
let h = group.z % 1u;
let i = index / 2u * 4u;
let j = index % 2u * 4u;
let all = totals[b * 2u + n];
let i0 = min(i + 0u, 5u); let j0 = min(j + 0u, 7u); var sum0 = vec4f();
let i1 = min(i + 1u, 5u); let j1 = min(j + 1u, 7u); var sum1 = vec4f();
let i2 = min(i + 2u, 5u); let j2 = min(j + 2u, 7u); var sum2 = vec4f();
let i3 = min(i + 3u, 5u); let j3 = min(j + 3u, 7u); var sum3 = vec4f();
for (var t = n * 2u; t < min((n + 1u) * 2u, 3u); t++) {
  if (live[b * 3u + t] == 0) { continue; }
  let weight = exp2(rates[h] * f32(all - steps[b * 3u + t] + 0));
  let keys = ((b * 3u + t) * 1u + h) * 6u;
  let values = ((b * 3u + t) * 1u + h) * 8u;
  let value = weight * vec4f(v[values + j0], v[values + j1], v[values + j2], v[values + j3]);
  sum0 += k[keys + i0] * value;
sum1 += k[keys + i1] * value;
sum2 += k[keys + i2] * value;
sum3 += k[keys + i3] * value;
}
let block = ((b * 1u + h) * 2u + n) * 48u;
if (i + 0u < 6u) { for (var c = 0u; c < min(4u, 8u - j); c++) { blocks[block + (i + 0u) * 8u + j + c] = sum0[c]; } }
if (i + 1u < 6u) { for (var c = 0u; c < min(4u, 8u - j); c++) { blocks[block + (i + 1u) * 8u + j + c] = sum1[c]; } }
if (i + 2u < 6u) { for (var c = 0u; c < min(4u, 8u - j); c++) { blocks[block + (i + 2u) * 8u + j + c] = sum2[c]; } }
if (i + 3u < 6u) { for (var c = 0u; c < min(4u, 8u - j); c++) { blocks[block + (i + 3u) * 8u + j + c] = sum3[c]; } }
}

// chunkwise: retention.scan, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> rates: array<f32>;
@group(0) @binding(1) var<storage, read> totals: array<i32>;
@group(0) @binding(2) var<storage, read_write> blocks: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 96u) { return; }
let head = index / 48u;
let rate = rates[head % 1u];
var s = state[index];
for (var step = 0u; step < 2u; step++) {
  let n = step;
  let at = (head * 2u + n) * 48u + index % 48u;
  let added = blocks[at];
  blocks[at] = s;
  s = exp2(rate * f32(totals[head / 1u * 2u + n])) * s + added;
}
state[index] = s;
}

// chunkwise: retention.scores, 1 x 2 x 2
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> live: array<i32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> steps: array<i32>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;
fn keysAt(b: u32, t: u32, h: u32) -> u32 { return ((b * 3u + t) * 1u + h) * 6u; }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 1u) { return; }
let n = group.y;
let b = group.z / 1u;
let h = group.z % 1u;
let row = index / 1u * 4u;
let column = index % 1u * 4u;
let start = n * 2u;
let t0 = min(start + row + 0u, 2u); let m0 = min(start + column + 0u, 2u); let q0 = keysAt(b, t0, h); let k0 = keysAt(b, m0, h); var sum0 = vec4f();
let t1 = min(start + row + 1u, 2u); let m1 = min(start + column + 1u, 2u); let q1 = keysAt(b, t1, h); let k1 = keysAt(b, m1, h); var sum1 = vec4f();
let t2 = min(start + row + 2u, 2u); let m2 = min(start + column + 2u, 2u); let q2 = keysAt(b, t2, h); let k2 = keysAt(b, m2, h); var sum2 = vec4f();
let t3 = min(start + row + 3u, 2u); let m3 = min(start + column + 3u, 2u); let q3 = keysAt(b, t3, h); let k3 = keysAt(b, m3, h); var sum3 = vec4f();
if (row + 3u >= column) {
  for (var i = 0u; i < 6u; i++) {
    let keys = vec4f(k[k0 + i], k[k1 + i], k[k2 + i], k[k3 + i]);
    sum0 += q[q0 + i] * keys;
sum1 += q[q1 + i] * keys;
sum2 += q[q2 + i] * keys;
sum3 += q[q3 + i] * keys;
  }
}
let columns = array<u32, 4>(m0, m1, m2, m3);
let rows = array<u32, 4>(t0, t1, t2, t3);
let sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
let base = ((b * 1u + h) * 2u + n) * 4u;
for (var r = 0u; r < 4u; r++) {
  for (var c = 0u; c < 4u; c++) {
    let inside = row + r < 2u && column + c < 2u;
    if (!inside) { continue; }
    let seen = start + max(row + r, column + c) < 3u && row + r >= column + c
      && live[b * 3u + rows[r]] != 0 && live[b * 3u + columns[c]] != 0;
    let distance = steps[b * 3u + rows[r]] - steps[b * 3u + columns[c]];
    scores[base + (row + r) * 2u + column + c] = select(0.0, sums[r][c] * exp2(rates[h] * f32(max(distance, 0))), seen);
  }
}
}

// chunkwise: retention.output, 1 x 2 x 2
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> live: array<i32>;
@group(0) @binding(3) var<storage, read> rates: array<f32>;
@group(0) @binding(4) var<storage, read> steps: array<i32>;
@group(0) @binding(5) var<storage, read> blocks: array<f32>;
@group(0) @binding(6) var<storage, read> scores: array<f32>;
@group(0) @binding(7) var<storage, read_write> o: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 2u) { return; }
let n = group.y;
let b = group.z / 1u;
let h = group.z % 1u;
let row = index / 2u * 4u;
let j = index % 2u * 4u;
let start = n * 2u;
let t0 = min(start + row + 0u, 2u); let j0 = min(j + 0u, 7u); var sum0 = vec4f();
let t1 = min(start + row + 1u, 2u); let j1 = min(j + 1u, 7u); var sum1 = vec4f();
let t2 = min(start + row + 2u, 2u); let j2 = min(j + 2u, 7u); var sum2 = vec4f();
let t3 = min(start + row + 3u, 2u); let j3 = min(j + 3u, 7u); var sum3 = vec4f();
let block = ((b * 1u + h) * 2u + n) * 48u;
let q0 = ((b * 3u + t0) * 1u + h) * 6u;
let q1 = ((b * 3u + t1) * 1u + h) * 6u;
let q2 = ((b * 3u + t2) * 1u + h) * 6u;
let q3 = ((b * 3u + t3) * 1u + h) * 6u;
for (var i = 0u; i < 6u; i++) {
  let at = block + i * 8u;
  let s = vec4f(blocks[at + j0], blocks[at + j1], blocks[at + j2], blocks[at + j3]);
  sum0 += q[q0 + i] * s;
sum1 += q[q1 + i] * s;
sum2 += q[q2 + i] * s;
sum3 += q[q3 + i] * s;
}
sum0 *= exp2(rates[h] * f32(max(steps[b * 3u + t0] - 0, 0)));
sum1 *= exp2(rates[h] * f32(max(steps[b * 3u + t1] - 0, 0)));
sum2 *= exp2(rates[h] * f32(max(steps[b * 3u + t2] - 0, 0)));
sum3 *= exp2(rates[h] * f32(max(steps[b * 3u + t3] - 0, 0)));
if (live[b * 3u + t0] == 0) { sum0 = vec4f(); }
if (live[b * 3u + t1] == 0) { sum1 = vec4f(); }
if (live[b * 3u + t2] == 0) { sum2 = vec4f(); }
if (live[b * 3u + t3] == 0) { sum3 = vec4f(); }
let base = ((b * 1u + h) * 2u + n) * 4u;
let size = min(2u, 3u - start);
for (var m = 0u; m < min(row + 4u, size); m++) {
  if (live[b * 3u + start + m] == 0) { continue; }
  let values = ((b * 3u + start + m) * 1u + h) * 8u;
  let value = vec4f(v[values + j0], v[values + j1], v[values + j2], v[values + j3]);
  sum0 += scores[base + min(row + 0u, 1u) * 2u + m] * value;
sum1 += scores[base + min(row + 1u, 1u) * 2u + m] * value;
sum2 += scores[base + min(row + 2u, 1u) * 2u + m] * value;
sum3 += scores[base + min(row + 3u, 1u) * 2u + m] * value;
}
if (row + 0u < size) { for (var c = 0u; c < min(4u, 8u - j); c++) { o[((b * 3u + t0) * 1u + h) * 8u + j + c] = sum0[c]; } }
if (row + 1u < size) { for (var c = 0u; c < min(4u, 8u - j); c++) { o[((b * 3u + t1) * 1u + h) * 8u + j + c] = sum1[c]; } }
if (row + 2u < size) { for (var c = 0u; c < min(4u, 8u - j); c++) { o[((b * 3u + t2) * 1u + h) * 8u + j + c] = sum2[c]; } }
if (row + 3u < size) { for (var c = 0u; c < min(4u, 8u - j); c++) { o[((b * 3u + t3) * 1u + h) * 8u + j + c] = sum3[c]; } }
}

// chunkwise, state in halves: retention.scan, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> rates: array<f32>;
@group(0) @binding(1) var<storage, read> totals: array<i32>;
@group(0) @binding(2) var<storage, read_write> blocks: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> state: array<vec2<u32>>;
fn halves(v: vec4f) -> vec2<u32> {
  let nan = (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  let safe = select(clamp(v, vec4f(-65504.0), vec4f(65504.0)), v, nan);
  return vec2<u32>(pack2x16float(safe.xy), pack2x16float(safe.zw));
}
fn numbers(h: vec2<u32>) -> vec4f { return vec4f(unpack2x16float(h.x), unpack2x16float(h.y)); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 24u) { return; }
let head = index / 12u;
let rate = rates[head % 1u];
var s = numbers(state[index]);
for (var step = 0u; step < 2u; step++) {
  let n = step;
  let at = (head * 2u + n) * 12u + index % 12u;
  let added = blocks[at];
  blocks[at] = s;
  s = exp2(rate * f32(totals[head / 1u * 2u + n])) * s + added;
}
state[index] = halves(s);
}
