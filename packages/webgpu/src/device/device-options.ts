/** The options of `webgpu()`, and what is refused of them before any device is touched. */
import { ArgumentError } from '@retnet/core'
import type { StateDtype } from '../memory/state-storage.js'
import { type ProfileName, type Tuning, checkTuning, profileNames } from './profile.js'

export interface DeviceOptions {
  /** A device of the caller, with the features and limits it was made with; it is not destroyed by `dispose`. */
  readonly device?: GPUDevice
  readonly powerPreference?: GPUPowerPreference
  /** Node: flags for Dawn, such as `backend=vulkan`; added to those that this library needs. */
  readonly dawn?: readonly string[]
  /** Level of the feature ladder; default: the best that the adapter offers. */
  readonly profile?: ProfileName
  /** Asks for the feature that `timeKernels` of a program needs, where the adapter has it. */
  readonly timestamps?: boolean
}

export interface TestOptions {
  /** For tests: memory starts as NaN before every run, so that a number that no kernel wrote is noticed. */
  readonly poison?: boolean
  /** For tests and measurements: replaces choices of the profile for all programs. */
  readonly tune?: Tuning
}

export interface StateOptions {
  /**
   * How states of retention are held on the device: `f16` takes half the memory and time of `f32`, and rounds at every step. What is
   * read and written stays f32. A state whose heads have no multiple of four value columns stays f32 too. Default: `f32`.
   */
  readonly stateDtype?: StateDtype
}

export interface WebGpuOptions extends DeviceOptions, StateOptions, TestOptions {}

const isBoolean = (value: unknown) => typeof value === 'boolean'
const powerPreferences: readonly unknown[] = ['low-power', 'high-performance']

/** What each option must be. An option that is undefined counts as left out. */
const rules: Readonly<Record<keyof WebGpuOptions, readonly [expected: string, holds: (value: unknown) => boolean]>> = {
  device: [
    'a GPUDevice',
    (value) => typeof value === 'object' && value !== null && 'createComputePipelineAsync' in value,
  ],
  powerPreference: ['low-power or high-performance', (value) => powerPreferences.includes(value)],
  dawn: ['a list of flags', (value) => Array.isArray(value) && value.every((flag) => typeof flag === 'string')],
  profile: [`one of ${profileNames.join(', ')}`, (value) => profileNames.includes(value as ProfileName)],
  stateDtype: ['f32 or f16', (value) => value === 'f32' || value === 'f16'],
  poison: ['true or false', isBoolean],
  timestamps: ['true or false', isBoolean],
  tune: ['an object', (value) => typeof value === 'object' && value !== null],
}

/** Throws ArgumentError for an unknown option, a wrong value, or options that contradict each other. */
export function checkOptions(options: WebGpuOptions): void {
  for (const [name, actual] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(rules, name)) {
      throw new ArgumentError({ argument: 'webgpu options', expected: Object.keys(rules).join(', '), actual: name })
    }
    const [expected, holds] = rules[name as keyof WebGpuOptions]
    if (actual !== undefined && !holds(actual)) throw new ArgumentError({ argument: name, expected, actual })
  }
  checkTuning(options.tune ?? {})
  const chosen = options.device && (['powerPreference', 'dawn'] as const).find((name) => options[name] !== undefined)
  if (!chosen) return
  throw new ArgumentError({
    argument: chosen,
    expected: 'to be left out beside device',
    actual: options[chosen],
    fix: 'A device has its adapter already; give one or the other.',
  })
}
