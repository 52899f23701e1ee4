// positions: copy, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 2u) { return; }
y[index] = x[index];
}

// positions: positions, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> mask_: array<i32>;
@group(0) @binding(1) var<storage, read_write> each: array<i32>;
@group(0) @binding(2) var<storage, read_write> next: array<i32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 2u) { return; }
var count = next[index];
for (var t = 0u; t < 3u; t++) { each[index * 3u + t] = count; count += mask_[index * 3u + t]; }
next[index] = count;
}

// rotary, halves: rotary, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> place: array<i32>;
@group(0) @binding(2) var<storage, read> angles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
fn turn(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 12u) { return; }
let pair = index % 2u;
let row = index / 2u;
let p = u32(place[row / 2u]);
let angle = turn(turn(angles[(p & 255u) * 2u + pair], angles[(256u + ((p >> 8u) & 255u)) * 2u + pair]),
  angles[(512u + ((p >> 16u) & 255u)) * 2u + pair]);
let v = turn(vec2f(x[row * 4u + pair], x[row * 4u + pair + 2u]), angle);
y[row * 4u + pair] = v.x;
y[row * 4u + pair + 2u] = v.y;
}

// rotary, interleaved: rotary, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> place: array<i32>;
@group(0) @binding(2) var<storage, read> angles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
fn turn(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 12u) { return; }
let pair = index % 2u;
let row = index / 2u;
let p = u32(place[row / 2u]);
let angle = turn(turn(angles[(p & 255u) * 2u + pair], angles[(256u + ((p >> 8u) & 255u)) * 2u + pair]),
  angles[(512u + ((p >> 16u) & 255u)) * 2u + pair]);
let v = turn(vec2f(x[row * 4u + 2u * pair], x[row * 4u + 2u * pair + 1u]), angle);
y[row * 4u + 2u * pair] = v.x;
y[row * 4u + 2u * pair + 1u] = v.y;
}

// decayNorm: decayNorm, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> place: array<i32>;
@group(0) @binding(2) var<storage, read> rates: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
fn expm1(x: f32) -> f32 {
  if (x < -0.5) { return exp(x) - 1.0; }
  return x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0)))))));
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 24u) { return; }
let row = index / 4u;
let rate = rates[row % 2u];
let count = f32(place[row / 2u] + 1);
let sum = select(expm1(rate * count) / expm1(rate), count, rate == 0.0);
y[index] = x[index] * inverseSqrt(sum);
}
