// The gradient of a graph is a graph: any backend runs it. Here it is checked against a difference quotient.
import { expand, gradient, logDecays, mul, reshape, retention, sum, trace } from '@retnet/core'
import { cpu } from '@retnet/cpu'

// the sum of squares of what one head retains; q, k, v are [B, T, H, D] = [1, 5, 1, 4]
const shape = [1, 5, 1, 4]
const loss = trace('energy', (g) => {
  const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, shape))
  const { output } = retention(q, k, v, { logDecay: logDecays('power', 1) })
  return { loss: reshape(sum(mul(output, output), [0, 1, 2, 3]), [1]) }
})

using backend = await cpu({ threads: 1 })
const graph = expand(gradient(loss, { loss: 'loss', by: ['v'] }), (node, of) => backend.supports(node, of))
using program = await backend.compile(graph, { weights: {} })

const numbers = (seed: number) => Float32Array.from({ length: 20 }, (_, at) => Math.sin(seed + at * at))
const lossAt = async (step: number) => {
  const inputs = { q: numbers(1), k: numbers(2), v: numbers(3) }
  inputs.v[6] += step
  return program.run(inputs, null)
}
const { 'grad.v': exact } = await lossAt(0)
const [above, below] = [await lossAt(0.01), await lossAt(-0.01)]
console.log(
  `gradient ${exact[6].toFixed(3)}, difference quotient ${((above.loss[0] - below.loss[0]) / 0.02).toFixed(3)}`,
)
