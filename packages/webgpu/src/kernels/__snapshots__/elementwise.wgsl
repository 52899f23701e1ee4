// exp: exp, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = exp(v);
}

// log: log, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = log(v);
}

// erf: erf, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
fn erf(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1.0) {
    let s = x * x;
    return x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776
      + s * (-0.0008548327 + s * (0.0001205533 + s * (-0.0000149256 + s * (0.0000016462 + s * -0.0000001637)))))))));
  }
  let t = 1.0 / (1.0 + 0.5 * min(a, 10.0));
  let p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let c = t * exp(-min(a, 10.0) * min(a, 10.0) + p);
  return select(c - 1.0, 1.0 - c, x >= 0.0);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = erf(v);
}

// sigmoid: sigmoid, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = 1.0 / (1.0 + exp(-v));
}

// silu: silu, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = v / (1.0 + exp(-v));
}

// gelu: gelu, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
fn erf(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1.0) {
    let s = x * x;
    return x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776
      + s * (-0.0008548327 + s * (0.0001205533 + s * (-0.0000149256 + s * (0.0000016462 + s * -0.0000001637)))))))));
  }
  let t = 1.0 / (1.0 + 0.5 * min(a, 10.0));
  let p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let c = t * exp(-min(a, 10.0) * min(a, 10.0) + p);
  return select(c - 1.0, 1.0 - c, x >= 0.0);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = 0.5 * v * (1.0 + erf(v * 0.70710678118654752));
}

// rsqrt: rsqrt, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = inverseSqrt(v + f32(9.99999997e-7));
}

// scale: scale, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let v = x[index];
y[index] = v * f32(3.00000000);
}

// add, broadcast: add, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let i0 = index / 3u; let i1 = (index / 1u) % 3u;
y[index] = a[index] + b[i1 * 1u];
}

// sub: sub, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }

y[index] = a[index] - b[index];
}

// mul: mul, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let i0 = index / 3u; let i1 = (index / 1u) % 3u;
y[index] = a[index] * b[i0 * 1u];
}

// div: div, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 6u) { return; }
let i0 = index / 3u; let i1 = (index / 1u) % 3u;
y[index] = a[index] / b[0u];
}
