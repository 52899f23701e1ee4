/** What goes on behind the answers: turns that change hands, states that are kept, steps of the engine. */
import { Counter, Histogram, type Metric, type Registry } from 'prom-client'
import type { EngineWork } from '../engine/engine.js'
import type { TurnMeter } from '../turns/turn-meter.js'

const stateSeconds = [1e-3, 5e-3, 0.02, 0.1, 0.5, 2, 10]

export function addTurnMetrics(registry: Registry): TurnMeter {
  const registers = [registry]
  const counter = (name: string, help: string, ...labelNames: string[]) => {
    return new Counter({ name, help, labelNames, registers })
  }
  const histogram = (name: string, help: string, ...labelNames: string[]) => {
    return new Histogram({ name, help, labelNames, buckets: stateSeconds, registers })
  }
  const resumes = counter('retnet_resume_total', 'Turns that a worker went on with after another.')
  const replayed = counter('retnet_replayed_tokens_total', 'Tokens that were there when a worker went on.')
  const fenced = counter('retnet_fenced_writes_total', 'Writes of a worker refused because another writes by now.')
  const loads = histogram('retnet_state_load_seconds', 'Reading the state of a session.')
  const saves = histogram('retnet_checkpoint_seconds', 'Keeping a state.', 'kind')
  const bytes = counter('retnet_state_saved_bytes_total', 'Bytes of states kept.', 'kind')
  return {
    resumed(tokens) {
      resumes.inc()
      replayed.inc(tokens)
    },
    fenced: () => fenced.inc(),
    loaded: (seconds) => loads.observe(seconds),
    saved(kind, seconds, size) {
      saves.observe({ kind }, seconds)
      bytes.inc({ kind }, size)
    },
  }
}

/** Sums and counts, which the engine keeps itself, in its own thread. */
export function addStepMetrics(registry: Registry, work: () => EngineWork): void {
  addSummary(registry, 'retnet_step_seconds', 'Time of the steps of the engine.', () => {
    const { seconds, steps } = work()
    return { sum: seconds, count: steps }
  })
  addSummary(registry, 'retnet_batch_rows', 'Texts that a step goes on with.', () => {
    const { rows, steps } = work()
    return { sum: rows, count: steps }
  })
}

type Sum = { readonly sum: number; readonly count: number }

function addSummary(registry: Registry, name: string, help: string, look: () => Sum): void {
  const get = async () => {
    const { sum, count } = look()
    const values = [
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: count },
    ]
    return { name, help, type: 'summary', values }
  }
  registry.registerMetric({ name, get, reset: () => {} } as unknown as Metric)
}
