/** The process and its event loop. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'
import { addLevel } from './add-metric.js'

const resolutionMs = 10
const quantiles = [0.5, 0.9, 0.99]

/** Gives a function that stops measuring. The lag is that since the last look at it. */
export function addProcessMetrics(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  // the monitor counts its own pause between two looks
  const lagOf = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000)
  const lag: Gauge = new Gauge({
    name: 'retnet_eventloop_lag_seconds',
    help: 'How late the event loop was since the last scrape.',
    labelNames: ['quantile'],
    registers: [registry],
    collect: () => {
      for (const quantile of quantiles) lag.set({ quantile }, lagOf(delay.percentile(quantile * 100)))
      lag.set({ quantile: 1 }, lagOf(delay.count === 0 ? 0 : delay.max))
      delay.reset()
    },
  })
  const started = Date.now() / 1000 - process.uptime()
  addLevel(registry, 'process_start_time_seconds', 'Start, in seconds since 1970.', () => started)
  addLevel(registry, 'process_resident_memory_bytes', 'Memory in RAM.', () => process.memoryUsage.rss())
  addLevel(registry, 'process_heap_bytes', 'Memory of JavaScript objects.', () => process.memoryUsage().heapUsed)
  addLevel(registry, 'process_external_memory_bytes', 'Memory of buffers.', () => process.memoryUsage().external)
  addLevel(registry, 'process_cpu_seconds', 'Time of the processor since the start.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  return () => delay.disable()
}
