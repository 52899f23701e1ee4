/**
 * How threads share a tape without waiting for each other. Every record is cut into parts; a part is claimed by raising TICKET and
 * counted in DONE when it is finished. A thread that the system has taken off its core holds no claim, so the others go on without it.
 * Both counters only ever grow, over all runs: a claim by a thread that is late for an old run fails.
 * Each word has its own cache line.
 */
export const JOB: usize = 64
export const TICKET: usize = 128
export const DONE: usize = 192
export const SLEEPERS: usize = 256
export const JOB_SLEEPERS: usize = 320
export const STOP: usize = 384
export const FAILED: usize = 448
export const ARGUMENTS: usize = 512

// Some 50 microseconds inside a run; between runs more, so that a decode loop does not fall asleep.
const DONE_SPINS: i32 = 10000
const JOB_SPINS: i32 = 60000
// Nanoseconds of sleep after which a thread looks whether another one has failed.
const LOOK_AROUND: i64 = 100000000

/** Waits until `required` parts are done, or until another thread has claimed `ticket` (-1: none to look for). */
export function waitDone(required: i64, ticket: i64, block: bool): void {
  let spin = 0
  while (true) {
    const done = atomic.load<i64>(DONE)
    if (done >= required || (ticket >= 0 && atomic.load<i64>(TICKET) != ticket)) return
    spin++
    if ((spin & 1023) == 0 && atomic.load<i32>(FAILED) != 0) unreachable()
    if (spin < DONE_SPINS || !block) continue
    atomic.add<i32>(SLEEPERS, 1)
    // The low half of the counter changes with every part.
    atomic.wait<i32>(DONE, i32(done), LOOK_AROUND)
    atomic.sub<i32>(SLEEPERS, 1)
    if (atomic.load<i32>(FAILED) != 0) unreachable()
  }
}

export function finishPart(): void {
  atomic.add<i64>(DONE, 1)
  if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(DONE, -1)
}

/** Waits for a job other than `seen`; odd numbers are jobs that are being written. */
export function nextJob(seen: i32): i32 {
  let spin = 0
  while (true) {
    const job = atomic.load<i32>(JOB)
    if (job != seen && (job & 1) == 0) return job
    if (++spin < JOB_SPINS) continue
    atomic.add<i32>(JOB_SLEEPERS, 1)
    atomic.wait<i32>(JOB, job, -1)
    atomic.sub<i32>(JOB_SLEEPERS, 1)
  }
}

/** Call once before writing the arguments of a job and once after. */
export function stepJob(): void {
  atomic.add<i32>(JOB, 1)
  if (atomic.load<i32>(JOB_SLEEPERS) > 0) atomic.notify(JOB, -1)
}
