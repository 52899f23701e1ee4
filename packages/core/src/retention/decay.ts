/** Decay rates of the heads. Always computed from the formula in float64; buffers saved in checkpoints are rounded and ignored. */
import { ArgumentError } from '../errors/argument-error.js'

/**
 * `power`: gamma_h = 1 - 2^(-5 - h) (arXiv 2307.08621 equation 8; torchscale, fla).
 * `linspace`: gamma_h = 1 - exp(linspace(log 1/32, log 1/512, H)) (the paper's experiments; syncdoth `use_lm_decay`).
 * A list gives gamma of each head itself, 0 < gamma <= 1.
 */
export type DecaySchedule = 'power' | 'linspace' | readonly number[]

/** log(gamma) of each head, [H]. */
export function logDecays(schedule: DecaySchedule, heads: number): number[] {
  if (schedule === 'power') return fromHeads(heads, (head) => Math.log1p(-(2 ** (-5 - head))))
  if (schedule === 'linspace') {
    const [first, last] = [Math.log(1 / 32), Math.log(1 / 512)]
    const step = heads > 1 ? (last - first) / (heads - 1) : 0
    return fromHeads(heads, (head) => Math.log1p(-Math.exp(first + step * head)))
  }
  if (!Array.isArray(schedule)) {
    throw new ArgumentError({
      argument: 'decay',
      expected: "'power', 'linspace' or a list of numbers",
      actual: schedule,
    })
  }
  const bad = schedule.find((gamma) => !(gamma > 0 && gamma <= 1))
  if (schedule.length !== heads || bad !== undefined) {
    const actual = bad ?? `${schedule.length} numbers`
    throw new ArgumentError({ argument: 'decay', expected: `${heads} numbers in (0, 1]`, actual })
  }
  return schedule.map((gamma) => Math.log(gamma))
}

/** sum_(i = 0..position) gamma^i = (1 - gamma^(position + 1)) / (1 - gamma), accurate also for gamma near 1. */
export function decaySum(logDecay: number, position: number): number {
  if (logDecay === 0) return position + 1
  return Math.expm1(logDecay * (position + 1)) / Math.expm1(logDecay)
}

function fromHeads(heads: number, each: (head: number) => number): number[] {
  return Array.from({ length: heads }, (_, head) => each(head))
}
