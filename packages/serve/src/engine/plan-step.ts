/** Which rows do what in the next step: those that write come first, what is left of the budget goes to prompts, the oldest first. */
import type { Job } from './job.js'

export interface Chunk {
  readonly job: Job
  readonly tokens: ArrayLike<number>
}

export interface Step {
  readonly steps: readonly Job[]
  readonly chunks: readonly Chunk[]
}

/** `jobs` in the order of their admission. A prompt is cut on a fixed grid, so that its numbers do not depend on what else is running. */
export function planStep(jobs: readonly Job[], chunkTokens: number, stepTokens: number): Step {
  const able = jobs.filter((job) => !job.isDone && !job.events.isFull)
  const steps = able.filter((job) => job.steps)
  const chunks: Chunk[] = []
  let left = stepTokens - steps.length
  for (const job of jobs.filter((one) => !one.isDone && one.reads)) {
    const tokens = nextChunk(job, chunkTokens)
    if (chunks.length > 0 && tokens.length > left) break
    chunks.push({ job, tokens })
    left -= tokens.length
  }
  return { steps, chunks }
}

function nextChunk({ ids, taken }: Job, chunkTokens: number): ArrayLike<number> {
  return ids.subarray(taken, Math.min(taken + chunkTokens, ids.length - 1))
}
