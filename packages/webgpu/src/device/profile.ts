import { ArgumentError } from '@retnet/core'

/** What a device can do, as far as the choice of kernels depends on it. */
export interface Profile {
  /** Numbers of 16 bits in shaders. Weights may be f16 without it: they are unpacked from u32. */
  readonly f16: boolean
  readonly subgroups: boolean
  /** Lanes of the smallest subgroup; 1 where there are none. */
  readonly subgroupSize: number
  /** Shape of the f16 x f16 -> f32 subgroup matrices, where offered. */
  readonly matrix: { readonly m: number; readonly n: number; readonly k: number } | null
  /** Workgroup barriers are cheap. False on software adapters, where a barrier costs more than it saves. */
  readonly barriers: boolean
  /** Groups of nodes are lowered to one kernel where a pattern fits. False on software adapters: those kernels need barriers. */
  readonly fuse: boolean
  /** Sizes of fused kernels that someone chose instead of the built-in rule. */
  readonly tune: KernelTuning
  readonly maxWorkgroupSize: number
  readonly maxWorkgroupBytes: number
  readonly maxStorageBuffers: number
  readonly maxBindingBytes: number
  readonly maxBufferBytes: number
  readonly description: string
}

export interface KernelTuning {
  /** Lanes of a workgroup of the products for few rows: a power of two. */
  readonly lanes?: number
  /** Rows of each weight that such a workgroup reduces: 1, 2, 4 or 8. */
  readonly columns?: number
  /** Words of 32 bits that such a lane loads at once, at most: 1, 2 or 4. */
  readonly words?: number
  /** Loads that such a lane starts before it needs the first. */
  readonly flight?: number
  /** Fewest rows of x that are multiplied by subgroup matrices. */
  readonly matrixRows?: number
  /** Workgroups that such a product is cut into, about. */
  readonly groups?: number
  /** Numbers along the inner side that such a workgroup stages at once: 32, 64 or 128. */
  readonly depth?: number
  /** Value columns of a head that a workgroup of the retention step owns: 16, 32 or 64. */
  readonly tile?: number
}

/** For tests and measurements: replaces what the profile would choose. */
export interface Tuning extends KernelTuning {
  readonly barriers?: boolean
  readonly fuse?: boolean
}

/** Throws ArgumentError for a choice that no kernel can follow. */
export function checkTuning(tune: Tuning): void {
  const known = ['barriers', 'fuse', 'lanes', 'columns', 'tile', 'words', 'flight', 'matrixRows', 'groups', 'depth']
  const unknown = Object.keys(tune).find((name) => !known.includes(name))
  if (unknown) throw new ArgumentError({ argument: 'tune', expected: known.join(', '), actual: unknown })
  const { lanes = 64, columns = 1, tile = 16, words = 4, flight = 8 } = tune
  if (![32, 64, 128, 256, 512].includes(lanes)) {
    throw new ArgumentError({ argument: 'tune.lanes', expected: 'a power of two from 32 to 512', actual: lanes })
  }
  if (![16, 32, 64].includes(tile))
    throw new ArgumentError({ argument: 'tune.tile', expected: '16, 32 or 64', actual: tile })
  if (![1, 2, 4].includes(words))
    throw new ArgumentError({ argument: 'tune.words', expected: '1, 2 or 4', actual: words })
  if (!Number.isSafeInteger(flight) || flight < 1)
    throw new ArgumentError({ argument: 'tune.flight', expected: 'a whole number above 0', actual: flight })
  const { matrixRows = 1, groups = 1, depth = 32 } = tune
  for (const [name, value] of Object.entries({ matrixRows, groups })) {
    if (Number.isSafeInteger(value) && value > 0) continue
    throw new ArgumentError({ argument: `tune.${name}`, expected: 'a whole number above 0', actual: value })
  }
  if (![32, 64, 128].includes(depth))
    throw new ArgumentError({ argument: 'tune.depth', expected: '32, 64 or 128', actual: depth })
  if (![1, 2, 4, 8].includes(columns))
    throw new ArgumentError({ argument: 'tune.columns', expected: '1, 2, 4 or 8', actual: columns })
}

export function tuned(profile: Profile, tune: Tuning): Profile {
  const { barriers = profile.barriers, fuse = profile.fuse, ...sizes } = tune
  return { ...profile, barriers, fuse, tune: { ...profile.tune, ...sizes } }
}

/** Levels of the feature ladder, best first; each may be forced for tests. */
export type ProfileName = 'matrix' | 'f16' | 'subgroups' | 'basic'

export const profileNames: readonly ProfileName[] = ['matrix', 'f16', 'subgroups', 'basic']

const featuresOf: Readonly<Record<ProfileName, readonly string[]>> = {
  matrix: ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
  f16: ['shader-f16', 'subgroups'],
  subgroups: ['subgroups'],
  basic: [],
}

/** Features to ask the adapter for at a level; null when it lacks one. */
export function featuresFor(name: ProfileName, offered: ReadonlySet<string>): GPUFeatureName[] | null {
  const wanted = featuresOf[name]
  return wanted.every((feature) => offered.has(feature)) ? (wanted.slice() as GPUFeatureName[]) : null
}

type AdapterInfo = GPUAdapterInfo & { subgroupMatrixConfigs?: Iterable<MatrixConfig> }

interface MatrixConfig {
  readonly componentType: string
  readonly resultComponentType: string
  readonly M: number
  readonly N: number
  readonly K: number
}

export function describeProfile(name: ProfileName, info: AdapterInfo, device: GPUDevice): Profile {
  const { limits } = device
  const subgroups = name !== 'basic'
  const software = /swiftshader|llvmpipe|software/i.test(`${info.architecture} ${info.description} ${info.device}`)
  const matrix = name === 'matrix' ? bestMatrix(info.subgroupMatrixConfigs) : null
  return {
    f16: name === 'matrix' || name === 'f16',
    subgroups,
    subgroupSize: subgroups ? (info.subgroupMinSize ?? 4) : 1,
    matrix,
    barriers: !software,
    fuse: !software,
    tune: {},
    maxWorkgroupSize: limits.maxComputeInvocationsPerWorkgroup,
    maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
    maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    maxBufferBytes: limits.maxBufferSize,
    description: `${nameOf(info)}, ${name}`,
  }
}

/** Browsers tell vendor and architecture only. */
function nameOf({ description, vendor, architecture }: AdapterInfo): string {
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'unknown adapter'
}

function bestMatrix(configs: Iterable<MatrixConfig> = []): Profile['matrix'] {
  const fits = [...configs].filter(
    (config) =>
      config.componentType === 'f16' && config.resultComponentType === 'f32' && config.M === 16 && config.N === 16,
  )
  const best = fits.sort((a, b) => b.K - a.K)[0]
  return best ? { m: best.M, n: best.N, k: best.K } : null
}
