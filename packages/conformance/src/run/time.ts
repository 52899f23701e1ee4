/** Times cases on a backend. For benches and for people; tests do not use it, because a time is no pass or fail. */
import type { Backend } from '@retnet/core'
import type { OpCase } from '../case.js'
import { withProgram } from './evaluate.js'
import { caseGraph, prepare } from './prepare.js'

export interface CaseTime {
  readonly id: string
  /** Median of one run, inputs and outputs copied included. */
  readonly milliseconds: number
  readonly runs: number
  readonly dispatches: number
  readonly bytes: number
}

export interface TimeOptions {
  /** Time to spend on each case, after one run to warm up. Default: 50. */
  readonly milliseconds?: number
}

export async function timeCase(
  backend: Backend,
  opCase: OpCase,
  { milliseconds = 50 }: TimeOptions = {},
): Promise<CaseTime> {
  const prepared = prepare(opCase, caseGraph(opCase))
  return withProgram(backend, opCase, prepared, async (program) => {
    using state = program.createState()
    await program.run(prepared.inputs, state)
    const times: number[] = []
    for (let spent = 0; spent < milliseconds || times.length < 3; spent += times[times.length - 1]) {
      const begin = performance.now()
      await program.run(prepared.inputs, state)
      times.push(performance.now() - begin)
    }
    const { dispatches, bytes } = program.stats()
    return { id: opCase.id, milliseconds: median(times), runs: times.length, dispatches, bytes }
  })
}

/** The times as a table for a terminal, the slowest first. */
export function showTimes(times: readonly CaseTime[]): string {
  const rows = times
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
    .map(({ id, milliseconds, runs, dispatches, bytes }) =>
      [
        milliseconds.toFixed(3).padStart(10),
        `${runs}`.padStart(6),
        `${dispatches}`.padStart(6),
        `${bytes}`.padStart(10),
        id,
      ].join('  '),
    )
  return ['        ms    runs  steps       bytes  case', ...rows].join('\n')
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]
}
