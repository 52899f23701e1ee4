// f32: embed, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
fn tableAt(row: u32, column: u32) -> f32 { let at = row * 6u + column; return table[at]; }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 18u) { return; }
y[index] = tableAt(u32(ids[index / 6u]), index % 6u);
}

// f16: embed, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> table: array<u32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
fn tableAt(row: u32, column: u32) -> f32 { let at = row * 6u + column; return unpack2x16float(table[at / 2u])[at % 2u]; }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 18u) { return; }
y[index] = tableAt(u32(ids[index / 6u]), index % 6u);
}

// q8: embed, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> table: array<u32>;
@group(0) @binding(1) var<storage, read> tableScales: array<f32>;
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
fn tableAt(row: u32, column: u32) -> f32 { let at = row * 6u + column; return f32(unpack4xI8(table[at / 4u])[at % 4u]) * tableScales[row * 1u + column / 32u]; }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 18u) { return; }
y[index] = tableAt(u32(ids[index / 6u]), index % 6u);
}

// scatterAdd: fill, 1 x 1 x 1
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 54u) { return; }
y[index] = f32(0.00000000);
}

// scatterAdd: scatterAdd, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 18u) { return; }
let token = index / 6u;
let column = index % 6u;
let id = ids[token];
for (var i = 0u; i < token; i++) { if (ids[i] == id) { return; } }
var sum = 0.0;
for (var i = token; i < 3u; i++) { if (ids[i] == id) { sum += values[i * 6u + column]; } }
y[u32(id) * 6u + column] = sum;
}
