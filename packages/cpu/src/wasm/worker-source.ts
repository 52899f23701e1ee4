/** The helper thread's program as text, so that it survives any bundler. It says `ready`, then stays inside `work` until it is stopped. */
export const workerSource = `
const begin = ({ module, memory, thread, failed }, post) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  post('ready')
  try {
    exports.work(thread)
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), failed, 1)
    throw error
  }
}
if (typeof self === 'object' && typeof self.postMessage === 'function') {
  self.onmessage = ({ data }) => begin(data, (text) => self.postMessage(text))
} else {
  import('node:worker_threads').then(({ parentPort, workerData }) => begin(workerData, (text) => parentPort.postMessage(text)))
}
`
