import type { Job } from './job.js'

/** What goes wrong with a run ends the jobs that took part in it. */
export async function guard(jobs: readonly Job[], work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    for (const job of jobs) job.end(error)
  }
}

/** What goes wrong with one text, in its sampling or its decoding, is its error alone. */
export function settle(job: Job, take: () => void): void {
  if (job.isDone) return
  try {
    take()
  } catch (error) {
    job.end(error)
  }
}
