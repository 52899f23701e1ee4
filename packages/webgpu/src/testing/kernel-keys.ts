/** Which kernels a check of the conformance table runs, so that a level of the feature ladder tests only what it does differently. */
import { caseGraph, cases, gradientGraph, gradientId, hasGradient } from '@retnet/conformance'
import { type CompileOptions, type DeviceWeight, type Graph, type WeightEncoding } from '@retnet/core'
import { lower } from '../compile/lower.js'
import type { Profile } from '../device/profile.js'

/** By the id of a case or of its gradient: each kernel under `profile`, as its text and size. */
export function kernelKeys(profile: Profile): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const opCase of cases) {
    const add = (id: string, graph: Graph) => keys.set(id, keysOf(graph, profile, opCase))
    add(opCase.id, caseGraph(opCase))
    if (hasGradient(opCase)) add(gradientId(opCase), gradientGraph(opCase))
  }
  return keys
}

type Compiled = Omit<CompileOptions, 'weights'> & { readonly encodings?: Readonly<Record<string, WeightEncoding>> }

function keysOf(graph: Graph, profile: Profile, { form, chunk, encodings = {} }: Compiled): string[] {
  const weights = graph.parameters.map(({ name, value }): [string, DeviceWeight] => {
    const encoding = encodings[name] ?? 'f32'
    return [name, { type: graph.types[value], encoding, bytes: 0, dispose() {}, [Symbol.dispose]() {} }]
  })
  const { kernels } = lower(graph, profile, { form, chunk, weights: Object.fromEntries(weights) })
  return kernels.map(({ code, workgroups }) => `${workgroups.join()} ${code}`)
}
