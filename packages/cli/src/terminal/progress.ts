/** A progress bar on stderr for long work. Silent where stderr is no terminal, so that logs and pipes stay clean. */
import cliProgress from 'cli-progress'
import type { Io } from '../io.js'

export interface Progress extends Disposable {
  /** `done` of `total`, in the unit of the bar. */
  update(done: number, total: number): void
  /** Removes the bar. May be called twice. */
  stop(): void
}

/** Work shorter than this shows no bar: a flash of one is worse than none. */
const patienceMs = 300

export function createProgress(io: Io, title: string, show: (value: number) => string): Progress {
  const stop = () => bar?.stop()
  let bar: cliProgress.SingleBar | undefined
  const started = performance.now()
  const update = (done: number, total: number) => {
    if (io.stderr.isTTY !== true || performance.now() - started < patienceMs) return
    if (!bar) {
      bar = createBar(io, title, show)
      bar.start(total, done)
    }
    bar.setTotal(total)
    bar.update(done)
  }
  return { update, stop, [Symbol.dispose]: stop }
}

function createBar(io: Io, title: string, show: (value: number) => string): cliProgress.SingleBar {
  return new cliProgress.SingleBar({
    stream: io.stderr as NodeJS.WriteStream,
    clearOnComplete: true,
    // the signals and the cursor are ours: nothing to restore when the process ends in the middle
    gracefulExit: false,
    hideCursor: false,
    linewrap: true,
    fps: 5,
    format: (_options, { progress, value, total, eta }) => {
      const filled = Math.round(progress * 20)
      const left = Number.isFinite(eta) ? `, ${Math.round(eta)} s left` : ''
      return `${title} [${'#'.repeat(filled)}${'.'.repeat(20 - filled)}] ${show(value)} of ${show(total)}${left}`
    },
  })
}
