import { type NamedTensors, type Repeat, type TensorData, repeatRuns } from '@retnet/core'
import type { OnnxState } from './state.js'

/**
 * `repeatRuns` of core for runs that are waited for: all runs first, their outputs stacked afterwards. When one fails or `signal` fires
 * between two of them, the state is put back as it was.
 */
export async function repeatAsync(
  repeat: Repeat,
  inputs: NamedTensors,
  state: OnnxState | null,
  signal: AbortSignal | undefined,
  once: (inputs: NamedTensors) => Promise<Record<string, TensorData>>,
): Promise<NamedTensors> {
  const tensors = [...(state?.held.values() ?? [])]
  const before = await Promise.all(tensors.map((tensor) => tensor.read()))
  const made: Record<string, TensorData>[] = []
  try {
    let given = inputs
    for (let run = 0; run < repeat.times; run++) {
      signal?.throwIfAborted()
      const outputs = await once(given)
      made.push(outputs)
      const carried = Object.entries(repeat.carry ?? {}).map(([from, to]) => [to, outputs[from]] as const)
      given = { ...given, ...Object.fromEntries(carried) }
    }
  } catch (error) {
    tensors.forEach((tensor, index) => tensor.write(before[index], 0))
    throw error
  }
  return repeatRuns(repeat, inputs, () => made.shift()!)
}
