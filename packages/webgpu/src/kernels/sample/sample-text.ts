/**
 * WGSL of one draw a workgroup. Every rule shortens the lists of candidates; where a rule would want a sort, the cut is found by bisection
 * over the order of the logits, with a sum over all lists at each step.
 */
import { type ListSize, candidateFunctions, listCapacity, listColumns } from './candidates.js'
import { expFunction, finishTimeFunction, keyFunctions } from './exact-math.js'
import { philoxFunction } from './philox.js'
import { uniformReductions } from './workgroup.js'

export interface SampleText extends ListSize {
  readonly history: boolean
  readonly bias: boolean
}

export function sampleDeclarations(text: SampleText): string {
  const functions = [philoxFunction, expFunction, finishTimeFunction, keyFunctions]
  return [uniformReductions(text.lanes), candidateFunctions(text), ...functions, adjust(text)].join('\n')
}

export function sampleBody(text: SampleText): string {
  return [gather(text), greedy, cutByTopK(text), weigh, cutByWeight, race].join('\n')
}

/** Penalties and bias. `row` is where the rules begin. */
function adjust({ history, bias }: SampleText): string {
  const penalties = `  let seen = history[at];
  if (seen > 0 && rules[row + 4u] != 1.0) { score = select(score * rules[row + 4u], score / rules[row + 4u], score > 0.0); }
  if (seen > 1) { score -= f32(seen - 1) * rules[row + 5u] + rules[row + 6u]; }
`
  return `fn adjusted(logit: f32, at: u32, row: u32) -> f32 {
  var score = logit;
${history ? penalties : ''}  return score${bias ? ' + bias[at]' : ''};
}`
}

/** The candidates, each lane taking groups of four that share a call of Philox, and the best of them. */
function gather(text: SampleText): string {
  const { columns, lanes } = text
  return `let row = group.x;
let temperature = rules[row * 7u];
first = row * ${listColumns * listCapacity(text)}u + lane;
mine = 0u;
var broken = 0u;
var highest = 0u;
for (var quad = lane * 4u; quad < ${columns}u; quad += ${4 * lanes}u) {
  for (var id = quad; id < min(quad + 4u, ${columns}u); id++) {
    let bits = logits[row * ${columns}u + id];
    if ((bits & 0x7f800000u) == 0x7f800000u) {
      // -Infinity is a token that cannot be; Infinity and NaN are errors
      if (bits != 0xff800000u) { broken = 1u; }
      continue;
    }
    let key = keyOf(adjusted(bitcast<f32>(bits), row * ${columns}u + id, row * 7u));
    put(mine, key, id, 0.0);
    mine++;
    highest = max(highest, key);
  }
}
let best = reduceMax(highest, lane);
if (reduceMax(broken, lane) != 0u || best == 0u) {
  if (lane == 0u) { drawn[row] = -1; }
  return;
}`
}

const greedy = `if (!(temperature > 0.0)) {
  var lowest = 0xffffffffu;
  for (var at = mine; at > 0u; at--) { if (keyAt(at - 1u) == best) { lowest = idAt(at - 1u); } }
  let winner = reduceMin(lowest, lane);
  if (lane == 0u) { drawn[row] = i32(winner); }
  return;
}`

/** Lines that set `low` to the highest key for which `holds`, a sum over all candidates from `middle` on, is still true. */
function bisect(holds: string): string {
  return `  var low = lowestKey(lane);
  var high = best + 1u;
  while (high - low > 1u) {
    let middle = low + (high - low) / 2u;
    if (${holds}) { low = middle; } else { high = middle; }
  }`
}

function cutByTopK({ columns, lanes }: SampleText): string {
  return `let topK = u32(clamp(rules[row * 7u + 1u], 0.0, ${columns}.0));
if (topK >= 1u && topK < reduceCount(mine, lane)) {
  // as many lanes as tokens are wanted have one that is at least this good
  if (topK <= ${lanes}u) { keepFrom(reduceMin(highest, lane)); }
${bisect('countFrom(middle, lane) >= topK')}
  let above = countFrom(low + 1u, lane);
  if (countFrom(low, lane) > topK) { keepTies(low, topK - above, lane); } else { keepFrom(low); }
}`
}

const weigh = `let top = valueOf(best);
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
mine = kept;`

/** Top-p, then min-p. */
const cutByWeight = `let topP = rules[row * 7u + 2u];
if (topP < 1.0) {
  let total = reduceWeight(sum, lane);
  let goal = topP * total;
  // all lighter ones together do not weigh what may be cut
  keepHeavy(0.999 * (1.0 - topP) * total / f32(reduceCount(mine, lane)));
${bisect('weightFrom(middle, lane) >= goal')}
  let ties = countFrom(low, lane) - countFrom(low + 1u, lane);
  let missing = ceil((goal - weightFrom(low + 1u, lane)) / expOf(max((valueOf(low) - top) / temperature, -87.0)));
  if (missing < f32(ties)) { keepTies(low, u32(max(missing, 1.0)), lane); } else { keepFrom(low); }
}
let minP = rules[row * 7u + 3u];
if (minP > 0.0) { keepHeavy(min(minP, 1.0)); }`

const race = `let key = vec2u(bitcast<u32>(seed[row * 2u]), bitcast<u32>(seed[row * 2u + 1u]));
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
if (lane == 0u) { drawn[row] = i32(winner); }`
