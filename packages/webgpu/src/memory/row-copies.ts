/**
 * Copies rows between buffers, or within one. A kernel, because `copyBufferToBuffer` reaches a fifth of the bandwidth of a large GPU and
 * refuses to copy within a buffer.
 */
import type { RowCopy } from '@retnet/core'
import { type Kernel, kernel, read, write } from '../compile/kernel.js'
import type { PipelineCache } from '../compile/pipelines.js'

interface Made {
  readonly pipeline: GPUComputePipeline
  readonly workgroups: Kernel['workgroups']
}

export interface RowsToCopy {
  readonly from: GPUBuffer
  readonly to: GPUBuffer
  readonly rowBytes: number
}

const lanes = 256

export class RowCopies {
  readonly #device: GPUDevice
  readonly #pipelines: PipelineCache
  readonly #made = new Map<string, Made>()

  constructor(device: GPUDevice, pipelines: PipelineCache) {
    this.#device = device
    this.#pipelines = pipelines
  }

  /** Compiles what copies of rows of these sizes need: `submit` cannot wait. */
  async prepare(rowBytes: readonly number[]): Promise<void> {
    const wanted = [...new Set(rowBytes)]
      .filter((bytes) => bytes > 0)
      .flatMap((bytes) => [true, false].map((within) => ({ bytes, within })))
    await Promise.all(wanted.map(({ bytes, within }) => this.#make(bytes, within)))
  }

  /** One dispatch a buffer, whatever the number of rows. No row may be both read and written. */
  submit(all: readonly RowsToCopy[], copies: readonly RowCopy[]): void {
    if (copies.length === 0) return
    const rows = this.#upload(copies)
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (const { from, to, rowBytes: bytes } of all) {
      if (bytes === 0) continue
      const { pipeline, workgroups } = this.#made.get(keyOf(bytes, from === to))!
      const buffers = from === to ? [to, rows] : [from, to, rows]
      pass.setPipeline(pipeline)
      pass.setBindGroup(
        0,
        this.#device.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
        }),
      )
      pass.dispatchWorkgroups(workgroups[0], workgroups[1] * copies.length)
    }
    pass.end()
    this.#device.queue.submit([encoder.finish()])
    rows.destroy()
  }

  async #make(bytes: number, within: boolean): Promise<void> {
    const key = keyOf(bytes, within)
    if (this.#made.has(key)) return
    const { name, code, workgroups } = rowCopyKernel(bytes, within)
    this.#made.set(key, { pipeline: await this.#pipelines.get(name, code), workgroups })
  }

  #upload(copies: readonly RowCopy[]): GPUBuffer {
    const buffer = this.#device.createBuffer({
      label: 'rows to copy',
      size: copies.length * 8,
      usage: GPUBufferUsage.STORAGE,
      mappedAtCreation: true,
    })
    new Uint32Array(buffer.getMappedRange()).set(copies.flatMap(({ from, to }) => [from, to]))
    buffer.unmap()
    return buffer
  }
}

/** Workgroups on y: one layer a copy. */
export function rowCopyKernel(bytes: number, within: boolean): Kernel {
  const wide = bytes % 16 === 0
  const [element, count] = wide ? ['vec4u', bytes / 16] : ['u32', bytes / 4]
  const slot = (index: number) => ({ kind: 'scratch', index }) as const
  const source = within ? 'target_' : 'source'
  return kernel({
    name: within ? 'copy rows within' : 'copy rows',
    bindings: [
      ...(within ? [] : [read('source', slot(0), element)]),
      write('target_', slot(1), element),
      read('rows', slot(2), 'vec2u'),
    ],
    lanes,
    workgroups: [Math.ceil(count / lanes)],
    body: `let index = group.x * ${lanes}u + lane;
if (index >= ${count}u) { return; }
let row = rows[group.y];
target_[row.y * ${count}u + index] = ${source}[row.x * ${count}u + index];`,
  })
}

function keyOf(bytes: number, within: boolean): string {
  return `${bytes} ${within ? 'within' : 'between'}`
}
