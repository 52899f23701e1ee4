// rmsNorm: rmsNorm, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
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
let mean = 0.0;
var part = 0.0;
for (var i = lane; i < 3u; i += 32u) { let v = x[base + i] - mean; part += v * v; }
let inverse = inverseSqrt(reduceSum(part, lane) / f32(3.00000000) + f32(9.99999997e-7));
for (var i = lane; i < 3u; i += 32u) { y[base + i] = (x[base + i] - mean) * inverse * weight[i]; }
}

// layerNorm: layerNorm, 2 x 1 x 1
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
var all = 0.0;
for (var i = lane; i < 3u; i += 32u) { all += x[base + i]; }
let mean = reduceSum(all, lane) / f32(3.00000000);
var part = 0.0;
for (var i = lane; i < 3u; i += 32u) { let v = x[base + i] - mean; part += v * v; }
let inverse = inverseSqrt(reduceSum(part, lane) / f32(3.00000000) + f32(0.00000999999975));
for (var i = lane; i < 3u; i += 32u) { y[base + i] = (x[base + i] - mean) * inverse; }
}

// layerNorm, software: layerNorm, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
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
var all = 0.0;
for (var i = lane; i < 3u; i += 4u) { all += x[base + i]; }
let mean = reduceSum(all, lane) / f32(3.00000000);
var part = 0.0;
for (var i = lane; i < 3u; i += 4u) { let v = x[base + i] - mean; part += v * v; }
let inverse = inverseSqrt(reduceSum(part, lane) / f32(3.00000000) + f32(0.00000999999975));
for (var i = lane; i < 3u; i += 4u) { y[base + i] = (x[base + i] - mean) * inverse * weight[i] + bias[i]; }
}
