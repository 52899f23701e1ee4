/** Finds an adapter and opens a device: the browser's own, or Dawn's in Node. */
import { AdapterError } from '../errors.js'
import type { DeviceOptions } from './device-options.js'
import { type Profile, type ProfileName, describeProfile, featuresFor, profileNames } from './profile.js'

export interface OpenDevice {
  readonly device: GPUDevice
  readonly profile: Profile
  readonly owned: boolean
}

const dawnFlags = [
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia,use_vulkan_memory_model,disable_robustness,disable_workgroup_init',
]

export async function openDevice(options: DeviceOptions): Promise<OpenDevice> {
  if (options.device) return adoptDevice(options.device, options.profile)
  const adapter = await findAdapter(options)
  const name = levelOf('adapter', adapter.features, options.profile)
  const timing = options.timestamps && adapter.features.has('timestamp-query') ? (['timestamp-query'] as const) : []
  const device = await adapter.requestDevice({
    requiredFeatures: [...featuresFor(name, adapter.features)!, ...timing],
    requiredLimits: wantedLimits(adapter.limits),
  })
  const profile = describeProfile(name, adapter.info, device)
  return { device, profile, owned: true }
}

async function adoptDevice(device: GPUDevice, level: ProfileName | undefined): Promise<OpenDevice> {
  if (!('GPUBufferUsage' in globalThis)) await importDawn()
  const name = levelOf('device', device.features, level)
  // Dawn lists the shapes of subgroup matrices on adapters only
  const info = name === 'matrix' ? (await findAdapter({})).info : device.adapterInfo
  return { device, profile: describeProfile(name, info, device), owned: false }
}

function levelOf(owner: string, offered: ReadonlySet<string>, forced: ProfileName | undefined): ProfileName {
  if (forced === undefined) return profileNames.find((name) => featuresFor(name, offered))!
  if (featuresFor(forced, offered)) return forced
  throw new AdapterError(
    `the ${owner} lacks a feature of the profile ${forced}.`,
    'Leave the profile out to use the best there is.',
  )
}

/** The defaults of WebGPU are far below what devices have; ask for all of it. */
function wantedLimits(limits: GPUSupportedLimits): Record<string, number> {
  const names = [
    'maxBufferSize',
    'maxStorageBufferBindingSize',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupSizeY',
    'maxStorageBuffersPerShaderStage',
  ] as const
  return Object.fromEntries(names.map((name) => [name, limits[name]]))
}

async function findAdapter({ powerPreference, dawn = [] }: DeviceOptions): Promise<GPUAdapter> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu ?? (await dawnInstance([...dawnFlags, ...dawn]))
  let cause: unknown
  try {
    const adapter = await gpu.requestAdapter(powerPreference ? { powerPreference } : {})
    if (adapter) return adapter
  } catch (error) {
    cause = error
  }
  const missing = new AdapterError(
    'no WebGPU adapter was found.',
    'Check the graphics driver (Node on Linux needs Vulkan: libvulkan1 and the driver of the GPU), or use another backend such as @retnet/cpu.',
  )
  missing.cause = cause
  throw missing
}

/**
 * Dawn's instances by their flags, for as long as the process lives: when one is collected, Dawn brings the process down with it, even
 * if all of its devices are destroyed.
 */
const instances = new Map<string, GPU>()

async function dawnInstance(flags: readonly string[]): Promise<GPU> {
  const { create } = await importDawn()
  const key = flags.join('\n')
  const instance = instances.get(key) ?? (create([...flags]) as GPU)
  instances.set(key, instance)
  return instance
}

/** Loads Dawn, and puts the usage flags and error classes, which browsers have as globals, where they are there. */
async function importDawn(): Promise<{ create: (flags: string[]) => unknown }> {
  const name = 'webgpu'
  try {
    const { create, globals } = (await import(/* @vite-ignore */ name)) as { create: () => unknown; globals: object }
    for (const [key, value] of Object.entries(globals)) {
      if (!(key in globalThis)) Object.assign(globalThis, { [key]: value as unknown })
    }
    return { create }
  } catch (error) {
    const wrapped = new AdapterError(
      'this host has no WebGPU of its own.',
      'In Node install the package `webgpu` beside @retnet/webgpu; elsewhere use another backend such as @retnet/cpu.',
    )
    wrapped.cause = error
    throw wrapped
  }
}
