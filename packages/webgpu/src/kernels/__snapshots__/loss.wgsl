// crossEntropy: crossEntropy, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
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
let base = group.x * 5u;
var top = -3.0e38;
for (var i = lane; i < 5u; i += 32u) { top = max(top, logits[base + i]); }
top = reduceMax(top, lane);
var part = 0.0;
for (var i = lane; i < 5u; i += 32u) { part += exp(logits[base + i] - top); }
let sum = reduceSum(part, lane);
let goal = targets[group.x];
if (lane == 0u) { y[group.x] = select(0.0, log(sum) - (logits[base + u32(max(goal, 0))] - top), goal >= 0); }
}

// crossEntropyGrad: crossEntropyGrad, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read> dLoss: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
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
let base = group.x * 5u;
var top = -3.0e38;
for (var i = lane; i < 5u; i += 32u) { top = max(top, logits[base + i]); }
top = reduceMax(top, lane);
var part = 0.0;
for (var i = lane; i < 5u; i += 32u) { part += exp(logits[base + i] - top); }
let sum = reduceSum(part, lane);
let goal = targets[group.x];
let slope = select(0.0, dLoss[group.x], goal >= 0);
for (var i = lane; i < 5u; i += 32u) {
  y[base + i] = (exp(logits[base + i] - top) / sum - select(0.0, 1.0, i32(i) == goal)) * slope;
}
}
