// browsers have no setImmediate
const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown }

/** Resolves after events that are waiting have been handled. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve)
    else setTimeout(resolve)
  })
}
