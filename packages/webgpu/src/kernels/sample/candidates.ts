/** WGSL of the lists that a draw works on: each lane has one of its own candidates, in ascending order of ids, and all cut them together. */

export interface ListSize {
  /** V */
  readonly columns: number
  /** Power of 2. */
  readonly lanes: number
}

/** Candidates that the lists of all lanes of a row hold together. */
export function listCapacity({ columns, lanes }: ListSize): number {
  return 4 * lanes * Math.ceil(columns / (4 * lanes))
}

/** Columns of `list`: order of the logit, id, weight. */
export const listColumns = 3

/** Needs the reductions of `uniformReductions`. `first` and `mine` are where the list of a lane begins and how long it is. */
export function candidateFunctions(size: ListSize): string {
  return [accessors(size), sums, keeping, keepTies(size)].join('\n')
}

function accessors(size: ListSize): string {
  const at = `list[first + at * ${size.lanes}u`
  const [id, weight] = [`${listCapacity(size)}u`, `${2 * listCapacity(size)}u`]
  return `var<private> first: u32;
var<private> mine: u32;
fn keyAt(at: u32) -> u32 { return ${at}]; }
fn idAt(at: u32) -> u32 { return ${at} + ${id}]; }
fn weightAt(at: u32) -> f32 { return bitcast<f32>(${at} + ${weight}]); }
fn put(at: u32, key: u32, id: u32, weight: f32) {
  ${at}] = key;
  ${at} + ${id}] = id;
  ${at} + ${weight}] = bitcast<u32>(weight);
}`
}

const sums = `fn countFrom(key: u32, lane: u32) -> u32 {
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
}`

/** Lines that shorten the list to what is not dropped. */
function keepUnless(dropped: string): string {
  return `  var kept = 0u;
  for (var at = 0u; at < mine; at++) {
    if (${dropped}) { continue; }
    put(kept, keyAt(at), idAt(at), weightAt(at));
    kept++;
  }
  mine = kept;`
}

const keeping = `fn keepFrom(key: u32) {
${keepUnless('keyAt(at) < key')}
}
fn keepHeavy(weight: f32) {
${keepUnless('weightAt(at) < weight')}
}`

/** Keeps what comes before `key`, and of the candidates with this key as many as `ties`, those with lower ids. */
function keepTies({ columns }: ListSize): string {
  return `fn keepTies(key: u32, ties: u32, lane: u32) {
  var low = 0u;
  var high = ${columns}u;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    var count = 0u;
    for (var at = 0u; at < mine; at++) { count += select(0u, 1u, keyAt(at) == key && idAt(at) < middle); }
    if (reduceCount(count, lane) >= ties) { high = middle; } else { low = middle; }
  }
${keepUnless('keyAt(at) < key || (keyAt(at) == key && idAt(at) >= high)')}
}`
}
