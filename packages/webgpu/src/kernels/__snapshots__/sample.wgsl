// history and bias: sample, 2 x 1 x 1
@group(0) @binding(0) var<storage, read> logits: array<u32>;
@group(0) @binding(1) var<storage, read> rules: array<f32>;
@group(0) @binding(2) var<storage, read> seed: array<i32>;
@group(0) @binding(3) var<storage, read> index: array<i32>;
@group(0) @binding(4) var<storage, read> history: array<i32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> list: array<u32>;
@group(0) @binding(7) var<storage, read_write> drawn: array<i32>;
var<workgroup> u32Parts: array<u32, 32>;
var<workgroup> f32Parts: array<f32, 32>;
fn reduceMax(value: u32, lane: u32) -> u32 {
  u32Parts[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { let a = u32Parts[lane]; let b = u32Parts[lane + step]; u32Parts[lane] = max(a, b); }
  }
  return workgroupUniformLoad(&u32Parts[0]);
}
fn reduceMin(value: u32, lane: u32) -> u32 {
  u32Parts[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { let a = u32Parts[lane]; let b = u32Parts[lane + step]; u32Parts[lane] = min(a, b); }
  }
  return workgroupUniformLoad(&u32Parts[0]);
}
fn reduceCount(value: u32, lane: u32) -> u32 {
  u32Parts[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { let a = u32Parts[lane]; let b = u32Parts[lane + step]; u32Parts[lane] = a + b; }
  }
  return workgroupUniformLoad(&u32Parts[0]);
}
fn reduceWeight(value: f32, lane: u32) -> f32 {
  f32Parts[lane] = value;
  for (var step = 16u; step > 0u; step >>= 1u) {
    workgroupBarrier();
    if (lane < step) { let a = f32Parts[lane]; let b = f32Parts[lane + step]; f32Parts[lane] = a + b; }
  }
  return workgroupUniformLoad(&f32Parts[0]);
}
var<private> first: u32;
var<private> mine: u32;
fn keyAt(at: u32) -> u32 { return list[first + at * 32u]; }
fn idAt(at: u32) -> u32 { return list[first + at * 32u + 128u]; }
fn weightAt(at: u32) -> f32 { return bitcast<f32>(list[first + at * 32u + 256u]); }
fn put(at: u32, key: u32, id: u32, weight: f32) {
  list[first + at * 32u] = key;
  list[first + at * 32u + 128u] = id;
  list[first + at * 32u + 256u] = bitcast<u32>(weight);
}
fn countFrom(key: u32, lane: u32) -> u32 {
  var count = 0u;
  for (var at = 0u; at < mine; at++) { count += select(0u, 1u, keyAt(at) >= key); }
  return reduceCount(count, lane);
}
fn weightFrom(key: u32, lane: u32) -> f32 {
  var weight = 0.0;
  for (var at = 0u; at < mine; at++) { weight += select(0.0, weightAt(at), keyAt(at) >= key); }
  return reduceWeight(weight, lane);
}
fn lowestKey(lane: u32) -> u32 {
  var lowest = 0xffffffffu;
  for (var at = 0u; at < mine; at++) { lowest = min(lowest, keyAt(at)); }
  return reduceMin(lowest, lane);
}
fn keepFrom(key: u32) {
  var kept = 0u;
  for (var at = 0u; at < mine; at++) {
    if (keyAt(at) < key) { continue; }
    put(kept, keyAt(at), idAt(at), weightAt(at));
    kept++;
  }
  mine = kept;
}
fn keepHeavy(weight: f32) {
  var kept = 0u;
  for (var at = 0u; at < mine; at++) {
    if (weightAt(at) < weight) { continue; }
    put(kept, keyAt(at), idAt(at), weightAt(at));
    kept++;
  }
  mine = kept;
}
fn keepTies(key: u32, ties: u32, lane: u32) {
  var low = 0u;
  var high = 5u;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    var count = 0u;
    for (var at = 0u; at < mine; at++) { count += select(0u, 1u, keyAt(at) == key && idAt(at) < middle); }
    if (reduceCount(count, lane) >= ties) { high = middle; } else { low = middle; }
  }
  var kept = 0u;
  for (var at = 0u; at < mine; at++) {
    if (keyAt(at) < key || (keyAt(at) == key && idAt(at) >= high)) { continue; }
    put(kept, keyAt(at), idAt(at), weightAt(at));
    kept++;
  }
  mine = kept;
}
fn multiplyHigh(a: u32, b: u32) -> u32 {
  let first = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u);
}
fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let high = vec2u(multiplyHigh(0xd2511f53u, c.x), multiplyHigh(0xcd9e8d57u, c.z));
    c = vec4u(high.y ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high.x ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
fn expOf(x: f32) -> f32 {
  let n = round(x * 1.44269504);
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  let p = 1.0 + r * (1.0 + r * (0.5 + r * (0.166666667 + r * (0.0416666667 + r * (0.00833333333 + r * 0.00138888889)))));
  return p * bitcast<f32>(u32(i32(n) + 127) << 23u);
}
fn finishTime(n: u32) -> f32 {
  let v = (f32(n) + 0.5) * 2.3283064365386963e-10;
  // 1 - v = f 2^e, f from sqrt(1/2) to sqrt(2)
  let bits = bitcast<u32>((f32(~n) + 0.5) * 2.3283064365386963e-10);
  let e = i32((bits + 0x4afb0du) >> 23u) - 127;
  let x = select(bitcast<f32>(bits - (bitcast<u32>(e) << 23u)) - 1.0, -v, v < 0.29);
  let s = x / (2.0 + x);
  let t = s * s;
  let series = 1.0 + t * (0.333333333 + t * (0.2 + t * (0.142857143 + t * (0.111111111 + t * 0.0909090909))));
  return -(select(f32(e), 0.0, v < 0.29) * 0.693147181 + 2.0 * s * series);
}
fn keyOf(x: f32) -> u32 {
  let bits = bitcast<u32>(select(x, 0.0, x == 0.0));
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}
fn valueOf(key: u32) -> f32 { return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u)); }
fn adjusted(logit: f32, at: u32, row: u32) -> f32 {
  var score = logit;
  let seen = history[at];
  if (seen > 0 && rules[row + 4u] != 1.0) { score = select(score * rules[row + 4u], score / rules[row + 4u], score > 0.0); }
  if (seen > 1) { score -= f32(seen - 1) * rules[row + 5u] + rules[row + 6u]; }
  return score + bias[at];
}
@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let row = group.x;
let temperature = rules[row * 7u];
first = row * 384u + lane;
mine = 0u;
var broken = 0u;
var highest = 0u;
for (var quad = lane * 4u; quad < 5u; quad += 128u) {
  for (var id = quad; id < min(quad + 4u, 5u); id++) {
    let bits = logits[row * 5u + id];
    if ((bits & 0x7f800000u) == 0x7f800000u) {
      // -Infinity is a token that cannot be; Infinity and NaN are errors
      if (bits != 0xff800000u) { broken = 1u; }
      continue;
    }
    let key = keyOf(adjusted(bitcast<f32>(bits), row * 5u + id, row * 7u));
    put(mine, key, id, 0.0);
    mine++;
    highest = max(highest, key);
  }
}
let best = reduceMax(highest, lane);
if (reduceMax(broken, lane) != 0u || best == 0u) {
  if (lane == 0u) { drawn[row] = -1; }
  return;
}
if (!(temperature > 0.0)) {
  var lowest = 0xffffffffu;
  for (var at = mine; at > 0u; at--) { if (keyAt(at - 1u) == best) { lowest = idAt(at - 1u); } }
  let winner = reduceMin(lowest, lane);
  if (lane == 0u) { drawn[row] = i32(winner); }
  return;
}
let topK = u32(clamp(rules[row * 7u + 1u], 0.0, 5.0));
if (topK >= 1u && topK < reduceCount(mine, lane)) {
  // as many lanes as tokens are wanted have one that is at least this good
  if (topK <= 32u) { keepFrom(reduceMin(highest, lane)); }
  var low = lowestKey(lane);
  var high = best + 1u;
  while (high - low > 1u) {
    let middle = low + (high - low) / 2u;
    if (countFrom(middle, lane) >= topK) { low = middle; } else { high = middle; }
  }
  let above = countFrom(low + 1u, lane);
  if (countFrom(low, lane) > topK) { keepTies(low, topK - above, lane); } else { keepFrom(low); }
}
let top = valueOf(best);
var sum = 0.0;
var kept = 0u;
for (var at = 0u; at < mine; at++) {
  let score = valueOf(keyAt(at));
  // less than 1e-37 of the best: it cannot win against any random number
  if (score < top - 87.0 * temperature) { continue; }
  let weight = expOf(max((score - top) / temperature, -87.0));
  put(kept, keyAt(at), idAt(at), weight);
  sum += weight;
  kept++;
}
mine = kept;
let topP = rules[row * 7u + 2u];
if (topP < 1.0) {
  let total = reduceWeight(sum, lane);
  let goal = topP * total;
  // all lighter ones together do not weigh what may be cut
  keepHeavy(0.999 * (1.0 - topP) * total / f32(reduceCount(mine, lane)));
  var low = lowestKey(lane);
  var high = best + 1u;
  while (high - low > 1u) {
    let middle = low + (high - low) / 2u;
    if (weightFrom(middle, lane) >= goal) { low = middle; } else { high = middle; }
  }
  let ties = countFrom(low, lane) - countFrom(low + 1u, lane);
  let missing = ceil((goal - weightFrom(low + 1u, lane)) / expOf(max((valueOf(low) - top) / temperature, -87.0)));
  if (missing < f32(ties)) { keepTies(low, u32(max(missing, 1.0)), lane); } else { keepFrom(low); }
}
let minP = rules[row * 7u + 3u];
if (minP > 0.0) { keepHeavy(min(minP, 1.0)); }
let key = vec2u(bitcast<u32>(seed[row * 2u]), bitcast<u32>(seed[row * 2u + 1u]));
var time = 23.0;
var runner = 0xffffffffu;
var numbers = vec4u();
var quad = 0xffffffffu;
for (var at = 0u; at < mine; at++) {
  let id = idAt(at);
  let weight = weightAt(at);
  // no random number is so small that it would win; the slowest that a weight of 1 can be is 22.9
  if (time * weight < 1.1641532e-10) { continue; }
  if (id >> 2u != quad) {
    quad = id >> 2u;
    numbers = philox(vec4u(quad, bitcast<u32>(index[row]), 0u, 0u), key);
  }
  let own = finishTime(numbers[id & 3u]) / weight;
  if (own < time) { time = own; runner = id; }
}
let least = reduceMin(bitcast<u32>(time), lane);
let winner = reduceMin(select(0xffffffffu, runner, bitcast<u32>(time) == least), lane);
if (lane == 0u) { drawn[row] = i32(winner); }
}

// history and bias: accept, 1 x 1 x 1
@group(0) @binding(0) var<storage, read> drawn: array<i32>;
@group(0) @binding(1) var<storage, read> previous: array<i32>;
@group(0) @binding(2) var<storage, read> mask_: array<i32>;
@group(0) @binding(3) var<storage, read_write> token: array<i32>;
@group(0) @binding(4) var<storage, read_write> alive: array<i32>;
@group(0) @binding(5) var<storage, read_write> ends: array<i32>;
@group(0) @binding(6) var<storage, read_write> next: array<i32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32) {
let group = raw;
let index = group.x * 64u + lane;
if (index >= 2u) { return; }
let id = drawn[index];
let taken = id >= 0 && mask_[index] != 0;
token[index] = select(previous[index], id, taken);
var last = false;
if (taken) {
  let row = index * 3u;
  last = ends[row] <= 1;
  ends[row] -= 1;
  for (var s = 1u; s < 3u; s++) { last = last || ends[row + s] == id; }
  let place = index * 5u + u32(id);
  next[place] = max(next[place], 1) + 1;
}
alive[index] = select(mask_[index], 0, last);
}
