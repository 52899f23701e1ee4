/** A kernel: WGSL text for one static shape, what it binds, and how many workgroups it needs. */

/** Where a kernel's operand lives. Activations, inputs and states are values of the graph. */
export type Slot =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'weight'; readonly name: string; readonly part: 'data' | 'scales'; readonly piece: number }
  | { readonly kind: 'scratch'; readonly index: number }
  | { readonly kind: 'table'; readonly index: number }

export interface Binding {
  /** Name of the variable in the WGSL text. */
  readonly name: string
  readonly slot: Slot
  readonly element: string
  readonly access: 'read' | 'read_write'
}

export interface Kernel {
  readonly name: string
  readonly code: string
  readonly bindings: readonly Binding[]
  readonly workgroups: readonly [number, number, number]
}

export interface KernelSource {
  readonly name: string
  readonly bindings: readonly Binding[]
  /** Lanes of one workgroup. */
  readonly lanes: number
  /** Workgroups on the x, y and z axes; a count above the limit of an axis is folded by `foldedGroup`. */
  readonly workgroups: readonly [number, number?, number?]
  /** `enable` lines, such as `subgroups`. */
  readonly enables?: readonly string[]
  /** Functions and workgroup variables. */
  readonly declarations?: string
  /** Body of the entry point; sees `group` (vec3u), `lane` (u32) and, with subgroups, `subgroupLane` and `subgroupSize`. */
  readonly body: string
}

const maxPerAxis = 65535

export function kernel(source: KernelSource): Kernel {
  const [x, y = 1, z = 1] = source.workgroups
  const folded = x > maxPerAxis
  const columns = folded ? Math.ceil(x / Math.ceil(x / maxPerAxis)) : x
  const rows = folded ? Math.ceil(x / columns) : 1
  const subgroups = source.enables?.includes('subgroups') ?? false
  const lines = [
    ...(source.enables ?? []).map((name) => `enable ${name};`),
    ...source.bindings.map(
      ({ name, element, access }, index) =>
        `@group(0) @binding(${index}) var<storage, ${access}> ${name}: array<${element}>;`,
    ),
    source.declarations ?? '',
    `@compute @workgroup_size(${source.lanes})`,
    'fn main(@builtin(workgroup_id) raw: vec3u, @builtin(local_invocation_index) lane: u32' +
      (subgroups
        ? ', @builtin(subgroup_invocation_id) subgroupLane: u32, @builtin(subgroup_size) subgroupSize: u32) {'
        : ') {'),
    folded
      ? `let group = vec3u(raw.y % ${rows}u * ${columns}u + raw.x, raw.y / ${rows}u, raw.z); if (group.x >= ${x}u) { return; }`
      : 'let group = raw;',
    source.body,
    '}',
  ]
  return {
    name: source.name,
    code: lines.filter((line) => line !== '').join('\n'),
    bindings: source.bindings,
    workgroups: [columns, rows * y, z],
  }
}

export function read(name: string, slot: Slot, element = 'f32'): Binding {
  return { name, slot, element, access: 'read' }
}

export function write(name: string, slot: Slot, element = 'f32'): Binding {
  return { name, slot, element, access: 'read_write' }
}
