import { DeviceError } from '../errors.js'

/** Compute pipelines by their WGSL text; each text is compiled once a device, asynchronously. */
export class PipelineCache {
  readonly #device: GPUDevice
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()

  constructor(device: GPUDevice) {
    this.#device = device
  }

  get(name: string, code: string): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(code)
    if (known) return known
    const made = this.#compile(name, code)
    this.#pipelines.set(code, made)
    return made
  }

  /** Compiles in parallel; tells how many of the different texts are ready. */
  async all(
    kernels: readonly { readonly name: string; readonly code: string }[],
    onProgress: (ready: number, total: number) => void = () => {},
  ): Promise<GPUComputePipeline[]> {
    const total = new Set(kernels.map(({ code }) => code)).size
    const seen = new Set<string>()
    let ready = 0
    onProgress(0, total)
    return Promise.all(
      kernels.map(async ({ name, code }) => {
        const first = !seen.has(code)
        seen.add(code)
        const pipeline = await this.get(name, code)
        if (first) onProgress(++ready, total)
        return pipeline
      }),
    )
  }

  async #compile(name: string, code: string): Promise<GPUComputePipeline> {
    const module = this.#device.createShaderModule({ label: name, code })
    try {
      return await this.#device.createComputePipelineAsync({
        label: name,
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
      })
    } catch (error) {
      const { messages } = await module.getCompilationInfo()
      const detail = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join('; ')
      throw new DeviceError(`the kernel ${name} does not compile: ${detail || String(error)}`)
    }
  }
}
