// sum over the last axis: sum, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 32>;
fn reduceSum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = scratch[lane] + scratch[lane + step]; }
  }
  workgroupBarrier();
  return scratch[0];
}
fn reduceMax(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = max(scratch[lane], scratch[lane + step]); }
  }
  workgroupBarrier();
  return scratch[0];
}
@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x;
let i0 = index / 1u; let i1 = (index / 1u) % 1u;
var part = 0.0;
for (var r = lane; r < 3u; r += 32u) { let r0 = r / 1u; part += x[i0 * 3u + r0 * 1u]; }
let all = reduceSum(part, lane);
if (lane == 0u) { y[index] = all; }
}

// sum over the first axis: sum, 3 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 32>;
fn reduceSum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = scratch[lane] + scratch[lane + step]; }
  }
  workgroupBarrier();
  return scratch[0];
}
fn reduceMax(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = max(scratch[lane], scratch[lane + step]); }
  }
  workgroupBarrier();
  return scratch[0];
}
@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x;
let i0 = index / 3u; let i1 = (index / 1u) % 3u;
var part = 0.0;
for (var r = lane; r < 2u; r += 32u) { let r0 = r / 1u; part += x[i1 * 1u + r0 * 3u]; }
let all = reduceSum(part, lane);
if (lane == 0u) { y[index] = all; }
}

// softmax: softmax, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 32>;
fn reduceSum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = scratch[lane] + scratch[lane + step]; }
  }
  workgroupBarrier();
  return scratch[0];
}
fn reduceMax(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = max(scratch[lane], scratch[lane + step]); }
  }
  workgroupBarrier();
  return scratch[0];
}
@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let base = group.x * 3u;
var top = -3.0e38;
for (var i = lane; i < 3u; i += 32u) { top = max(top, x[base + i]); }
top = reduceMax(top, lane);
var part = 0.0;
for (var i = lane; i < 3u; i += 32u) { part += exp(x[base + i] - top); }
let sum = reduceSum(part, lane);
for (var i = lane; i < 3u; i += 32u) { y[base + i] = exp(x[base + i] - top) / sum; }
}

// softmax, software: softmax, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 4>;
fn reduceSum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 2u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = scratch[lane] + scratch[lane + step]; }
  }
  workgroupBarrier();
  return scratch[0];
}
fn reduceMax(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  scratch[lane] = value;
  for (var step = 2u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { scratch[lane] = max(scratch[lane], scratch[lane + step]); }
  }
  workgroupBarrier();
  return scratch[0];
}
@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let base = group.x * 3u;
var top = -3.0e38;
for (var i = lane; i < 3u; i += 4u) { top = max(top, x[base + i]); }
top = reduceMax(top, lane);
var part = 0.0;
for (var i = lane; i < 3u; i += 4u) { part += exp(x[base + i] - top); }
let sum = reduceSum(part, lane);
for (var i = lane; i < 3u; i += 4u) { y[base + i] = exp(x[base + i] - top) / sum; }
}
