import { Counter, Gauge, type Histogram, type Registry } from 'prom-client'

/** A number that is looked up when somebody asks. */
export function addLevel(registry: Registry, name: string, help: string, level: () => number | Promise<number>): void {
  const collect = async () => gauge.set(await level())
  const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect })
}

/** Numbers by one label that somebody else counts, and that only grow. */
export function addCounts(
  registry: Registry,
  { name, help, label }: { readonly name: string; readonly help: string; readonly label: string },
  counts: () => Promise<Readonly<Record<string, number>>>,
): void {
  const collect = async () => {
    const found = Object.entries(await counts())
    counter.reset()
    for (const [value, count] of found) counter.inc({ [label]: value }, count)
  }
  const counter: Counter = new Counter({ name, help, labelNames: [label], registers: [registry], collect })
}

/** The same histogram under a second name: it is counted once and told twice. */
export function addAlias(registry: Registry, original: Histogram, name: string): void {
  const get = async () => {
    const { values, ...rest } = await original.get()
    const renamed = values.map((value) => ({ ...value, metricName: value.metricName?.replace(rest.name, name) }))
    return { ...rest, name, values: renamed }
  }
  registry.registerMetric({ name, get, reset: () => {} } as unknown as Histogram)
}
