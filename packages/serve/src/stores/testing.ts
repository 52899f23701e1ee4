import type { Clock } from './common/clock.js'

/** A clock that stands still, but for `pass` and for timers that come due: how busy the machine is makes no difference. */
export function testClock(): Clock & { readonly pass: (ms: number) => Promise<void> } {
  const timers = new Map<() => void, number>()
  let now = 1_000_000
  return {
    now: () => now,
    after(ms, callback) {
      const due = now + ms
      const stop = (): void => {
        clearTimeout(timer)
        timers.delete(fire)
      }
      const fire = (): void => {
        stop()
        now = Math.max(now, due)
        callback()
      }
      const timer = setTimeout(fire, Math.max(1, Math.ceil(ms)))
      timers.set(fire, due)
      return stop
    },
    async pass(ms) {
      now += ms
      for (const [fire, due] of timers) if (due <= now) fire()
    },
  }
}
