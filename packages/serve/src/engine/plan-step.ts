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
  const most = Math.max(1, Math.floor((stepTokens - steps.length) / chunkTokens))
  const reading = jobs.filter((job) => !job.isDone && job.reads).slice(0, most)
  return { steps, chunks: reading.map((job) => ({ job, tokens: nextChunk(job, chunkTokens) })) }
}

function nextChunk({ ids, taken }: Job, chunkTokens: number): ArrayLike<number> {
  return ids.subarray(taken, Math.min(taken + chunkTokens, ids.length - 1))
}
