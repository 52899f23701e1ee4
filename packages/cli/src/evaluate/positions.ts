/** Mean loss by position in the window: 0-64, 64-256, 256-512, then doubling. */

export interface PositionLosses {
  add(position: number, loss: number): void
  /** Range ("64-256") to mean loss in nats. */
  means(): Record<string, number>
}

/** `end` is the number of positions of a window that can be counted. */
export function createPositionLosses(end: number): PositionLosses {
  const edges = edgesUpTo(end)
  const sums = new Float64Array(edges.length - 1)
  const counts = new Float64Array(edges.length - 1)
  return {
    add(position, loss) {
      const range = edges.findLastIndex((edge) => edge <= position)
      sums[range] += loss
      counts[range]++
    },
    means() {
      const means = [...sums].map((sum, range) => [`${edges[range]}-${edges[range + 1]}`, sum / counts[range]] as const)
      return Object.fromEntries(means.filter((_, range) => counts[range] > 0))
    },
  }
}

function edgesUpTo(end: number): number[] {
  const edges = [0, 64, 256]
  while (edges.at(-1)! < end) edges.push(edges.at(-1)! * 2)
  return [...edges.filter((edge) => edge < end), end]
}
