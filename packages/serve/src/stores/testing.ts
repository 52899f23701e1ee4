import type { Clock } from './common/clock.js'

/** A clock that goes on with the real one, and jumps on `pass`. */
export function testClock(): Clock & { readonly pass: (ms: number) => Promise<void> } {
  const timers = new Map<() => void, number>()
  let passed = 0
  const now = (): number => performance.timeOrigin + performance.now() + passed
  return {
    now,
    after(ms, callback) {
      const fire = (): void => {
        stop()
        callback()
      }
      const timer = setTimeout(fire, Math.max(1, Math.ceil(ms)))
      const stop = (): void => {
        clearTimeout(timer)
        timers.delete(fire)
      }
      timers.set(fire, now() + ms)
      return stop
    },
    async pass(ms) {
      passed += ms
      for (const [fire, due] of timers) if (due <= now()) fire()
    },
  }
}
