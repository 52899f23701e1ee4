/** How long each kind of kernel of a program takes, by timestamps around passes that run one kind only. */
import { AdapterError } from './errors.js'
import type { Kernel } from './compile/kernel.js'

export interface KernelTime {
  readonly name: string
  /** Kernels of this kind in one run. */
  readonly count: number
  readonly workgroups: number
  /** Time of all of them in one run. */
  readonly microseconds: number
  /** Bytes of weights, and of states twice, that they bind. */
  readonly bytes: number
}

export interface TimedKernel {
  readonly kernel: Kernel
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroup
  readonly bytes: number
}

/** Kinds are told apart by their text. Throws AdapterError where the device has no timestamps. */
export async function timeKernels(
  device: GPUDevice,
  kernels: readonly TimedKernel[],
  repeat: number,
): Promise<KernelTime[]> {
  if (!device.features.has('timestamp-query')) {
    throw new AdapterError(
      'the device was opened without timestamps.',
      'Use webgpu({ timestamps: true }) on an adapter that has the feature timestamp-query.',
    )
  }
  const kinds = [...Map.groupBy(kernels, ({ kernel }) => kernel.code).values()]
  const queries = device.createQuerySet({ type: 'timestamp', count: 2 * kinds.length })
  const size = 16 * kinds.length
  const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC })
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  try {
    const encoder = device.createCommandEncoder()
    kinds.forEach((kind, index) => {
      const timestampWrites = {
        querySet: queries,
        beginningOfPassWriteIndex: 2 * index,
        endOfPassWriteIndex: 2 * index + 1,
      }
      const pass = encoder.beginComputePass({ timestampWrites })
      for (let time = 0; time < repeat; time++) {
        for (const { kernel, pipeline, group } of kind) {
          pass.setPipeline(pipeline)
          pass.setBindGroup(0, group)
          pass.dispatchWorkgroups(...kernel.workgroups)
        }
      }
      pass.end()
    })
    encoder.resolveQuerySet(queries, 0, 2 * kinds.length, resolved, 0)
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size)
    device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    const times = new BigUint64Array(staging.getMappedRange().slice(0))
    return kinds.map((kind, index) => ({
      name: kind[0].kernel.name,
      count: kind.length,
      workgroups: kind[0].kernel.workgroups.reduce((product, extent) => product * extent, 1),
      microseconds: Number(times[2 * index + 1] - times[2 * index]) / 1000 / repeat,
      bytes: kind.reduce((total, { bytes }) => total + bytes, 0),
    }))
  } finally {
    for (const resource of [queries, resolved, staging]) resource.destroy()
  }
}
