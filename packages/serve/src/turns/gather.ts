/** The events of the texts of one turn, in groups: what came in one step of the engine goes out together. */
import type { JobEvent } from '../engine/job.js'
import type { RunningText } from '../engine/text-engine.js'

export type Gathered =
  | { readonly of: number; readonly event: JobEvent }
  | { readonly of: number; readonly error: unknown }

/** Ends when all texts have. While nobody asks for the next group, the texts are not continued beyond what is read ahead. */
export async function* gather(jobs: readonly RunningText[]): AsyncGenerator<Gathered[], void, undefined> {
  let wake = () => {}
  for (const { events } of jobs) events.onNews(() => wake())
  for (;;) {
    const found = jobs.flatMap((job, of) => takeAll(job, of))
    if (found.length > 0) yield found
    else if (jobs.every(({ events }) => events.isOver)) return
    else await new Promise<void>((resolve) => (wake = resolve))
  }
}

function takeAll({ events }: RunningText, of: number): Gathered[] {
  try {
    return events.take().map((event) => ({ of, event }))
  } catch (error) {
    return [{ of, error }]
  }
}
