// in halves, for other ops: state.numbers, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> state: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
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
if (index >= 2u) { return; }
y[index] = numbers(state[index]);
}

// in halves, for other ops: scale, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 8u) { return; }
let v = x[index];
y[index] = v * f32(2.00000000);
}

// in halves, for other ops: state.halves, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> state: array<vec2<u32>>;
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
if (index >= 2u) { return; }
state[index] = halves(x[index]);
}
