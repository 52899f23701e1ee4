// transpose: transpose, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let i0 = index / 2u; let i1 = (index / 1u) % 2u;
y[index] = x[i0 * 1u + i1 * 3u];
}

// slice: slice, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 4u) { return; }
let i0 = index / 2u; let i1 = (index / 1u) % 2u;
y[index] = x[(i0 + 0u) * 3u + (i1 + 1u) * 1u];
}

// concat: concat, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let i0 = index / 3u; let i1 = (index / 1u) % 3u;
y[(i0 + 0u) * 4u + (i1 + 0u) * 1u] = x[index];
}

// concat: concat, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 2u) { return; }
let i0 = index / 1u; let i1 = (index / 1u) % 1u;
y[(i0 + 0u) * 4u + (i1 + 3u) * 1u] = x[index];
}

// broadcast: broadcast, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let i0 = index / 3u; let i1 = (index / 1u) % 3u;
y[index] = x[i0 * 1u];
}

// cast: cast, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 4u) { return; }
y[index] = f32(x[index]);
}

// fill: fill, 1 x 1 x 1
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 3u) { return; }
y[index] = f32(7.00000000);
}

// constant: copy, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 2u) { return; }
y[index] = x[index];
}
