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
  readonly maxWorkgroupSize: number
  readonly maxBindingBytes: number
  readonly maxBufferBytes: number
  readonly description: string
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
    maxWorkgroupSize: limits.maxComputeInvocationsPerWorkgroup,
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
