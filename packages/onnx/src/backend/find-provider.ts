/**
 * Which execution provider, and which operators, compute correctly here. The runtime itself does not fall through: it throws when the
 * first of its providers is missing.
 */
import { matmul, retention, trace } from '@retnet/core'
import { emitOnnx, stateNames } from '../emit/emit-graph.js'
import { ProviderError } from '../errors.js'
import type { Provider } from './host.js'
import type { OnnxOptions } from './onnx-options.js'
import {
  type ExecutionProvider,
  type Ort,
  type OrtSession,
  type OrtSessionOptions,
  createSession,
  gpuDevice,
  makeTensor,
  nameOf,
} from './ort.js'

export interface FoundProvider {
  readonly provider: Provider
  /** Why the ones that were asked for before it are not used. */
  readonly fallbacks: readonly string[]
}

/** Throws ProviderError when none works. */
export async function findProvider(options: OnnxOptions): Promise<FoundProvider> {
  const { ort, executionProviders = [null], operators = 'auto', threads } = options
  const sets = operators === 'auto' ? (['microsoft', 'standard'] as const) : [operators]
  const fallbacks: string[] = []
  for (const wanted of executionProviders) {
    const session = sessionOptions(wanted, threads)
    const name = wanted === null ? null : nameOf(wanted)
    const reasons = new Map<string, string>()
    for (const set of sets) {
      try {
        const { inPlace, release } = await tryOut(ort, session, set)
        const device = name === 'webgpu' ? await gpuDevice(ort) : null
        const provider = { name, options: session, operators: set, inPlace, device, release }
        return { provider, fallbacks: [...fallbacks, ...showReasons(name, reasons)] }
      } catch (error) {
        reasons.set(set, shortReason(error))
      }
    }
    fallbacks.push(...showReasons(name, reasons))
  }
  throw new ProviderError(fallbacks)
}

/** One line for a provider that is not there at all; else one for each set of operators. */
function showReasons(name: string | null, reasons: ReadonlyMap<string, string>): string[] {
  const provider = name ?? 'default provider'
  const different = [...new Set(reasons.values())]
  if (reasons.size > 1 && different.length === 1) return [`${provider}: ${different[0]}`]
  return [...reasons].map(([set, reason]) => `${provider} with ${set} operators: ${reason}`)
}

/** Without the place in the sources of the runtime. */
function shortReason(error: unknown): string {
  const [line] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
  return line.replace(/^.*\.(cc|h):\d+ .* was false\. /, '')
}

function sessionOptions(wanted: ExecutionProvider | null, threads: number | undefined): OrtSessionOptions {
  return {
    ...(wanted !== null && { executionProviders: [wanted] }),
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    // 3: errors. The runtime warns of every small thing on the console.
    logSeverityLevel: 3,
  }
}

const decay = 0.5
/** Two steps of a memory of one number, and a product with a weight. */
const question = trace('question', (g) => {
  const x = g.input('x', [1, 2, 1, 1])
  const memory = g.state('memory', [1, 1, 1, 1])
  const { output, state } = retention(x, x, x, { logDecay: [Math.log(decay)], state: memory })
  g.updateState(memory, state)
  return { y: matmul(output, g.parameter('two', [1, 1]), { transposeB: true }) }
})
// S = 0.5 * 4 + 1 = 3, then 0.5 * 3 + 4 = 5.5; y = 2 x S
const answer = [2 * 3, 2 * 2 * 5.5]

interface Trial {
  /** The answer was written into the tensor that was there for it. */
  readonly inPlace: boolean
  /** Ends the session, which stays open until then: with the last one the WebGPU provider gives up its device. */
  readonly release: () => Promise<void>
}

/** Throws when the answer is wrong, or there is none. */
async function tryOut(ort: Ort, options: OrtSessionOptions, operators: 'microsoft' | 'standard'): Promise<Trial> {
  const two = { type: { dtype: 'f32', shape: [1, 1] }, encoding: 'f32', data: Float32Array.of(2) } as const
  const { model } = emitOnnx(question, { weights: { two }, operators })
  const session = await createSession(ort, model, options)
  try {
    return { inPlace: await answersInPlace(ort, session), release: () => session.release() }
  } catch (error) {
    await session.release()
    throw error
  }
}

async function answersInPlace(ort: Ort, session: OrtSession): Promise<boolean> {
  const feeds = {
    x: makeTensor(ort, Float32Array.of(1, 2), [1, 2, 1, 1]),
    [stateNames('memory').input]: makeTensor(ort, Float32Array.of(4), [1, 1, 1, 1]),
  }
  const { y } = await session.run(feeds, { y: null })
  const numbers = (await y.getData()) as Float32Array
  if (!isAnswer(numbers)) throw new Error(`it computes ${numbers.join(', ')} where ${answer.join(', ')} is right`)
  // onnxruntime-web takes such a tensor without complaint and leaves it as it is
  const place = new Float32Array(answer.length)
  await session.run(feeds, { y: makeTensor(ort, place, [1, 2, 1, 1]) })
  return isAnswer(place)
}

function isAnswer(numbers: Float32Array): boolean {
  return answer.every((value, at) => Math.abs(numbers[at] - value) < 1e-3 * value)
}
