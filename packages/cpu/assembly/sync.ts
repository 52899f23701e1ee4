/** The control block at the bottom of memory, and the barrier between records. Each word has its own cache line. */
export const JOB: usize = 64
export const ARRIVED: usize = 128
export const GENERATION: usize = 192
export const SLEEPERS: usize = 256
export const JOB_SLEEPERS: usize = 320
export const STOP: usize = 384
export const FAILED: usize = 448
export const ARGUMENTS: usize = 512

// About 50 microseconds inside a run; between runs a little more, so that a decode loop does not fall asleep.
const BARRIER_SPINS: i32 = 20000
const JOB_SPINS: i32 = 60000

/** Waits until the word at `address` is no longer `old`. A thread that may not block spins for as long as it takes. */
export function waitChange(address: usize, old: i32, sleepers: usize, spins: i32, block: bool): void {
  let spin = 0
  while (atomic.load<i32>(address) == old) {
    spin++
    if ((spin & 1023) == 0 && atomic.load<i32>(FAILED) != 0) unreachable()
    if (spin < spins || !block) continue
    atomic.add<i32>(sleepers, 1)
    atomic.wait<i32>(address, old, -1)
    atomic.sub<i32>(sleepers, 1)
  }
}

export function barrier(threads: i32, block: bool): void {
  if (threads == 1) return
  const generation = atomic.load<i32>(GENERATION)
  if (atomic.add<i32>(ARRIVED, 1) == threads - 1) {
    atomic.store<i32>(ARRIVED, 0)
    atomic.add<i32>(GENERATION, 1)
    if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(GENERATION, -1)
    return
  }
  waitChange(GENERATION, generation, SLEEPERS, BARRIER_SPINS, block)
}

export function nextJob(seen: i32): i32 {
  waitChange(JOB, seen, JOB_SLEEPERS, JOB_SPINS, true)
  return atomic.load<i32>(JOB)
}

export function announce(): void {
  atomic.add<i32>(JOB, 1)
  if (atomic.load<i32>(JOB_SLEEPERS) > 0) atomic.notify(JOB, -1)
}
