// Time of each kernel by timestamps: while on, every dispatch of the device's programs gets a pass of its own.

/** Wraps `device.createCommandEncoder`; needs the feature timestamp-query. `stop` restores it and returns milliseconds by kernel. */
export function measureKernels(device) {
  const create = device.createCommandEncoder.bind(device)
  const batches = []
  device.createCommandEncoder = (descriptor) => {
    const encoder = create(descriptor)
    const names = []
    const capacity = 4096
    const queries = device.createQuerySet({ type: 'timestamp', count: capacity })
    let open = null
    const begin = encoder.beginComputePass.bind(encoder)
    encoder.beginComputePass = () => ({
      setPipeline: (pipeline) => (open = { pipeline }),
      setBindGroup: (index, group) => (open.group = [index, group]),
      dispatchWorkgroups(...count) {
        const at = names.length * 2
        if (at + 2 > capacity) throw new Error(`more than ${capacity / 2} dispatches in a submit`)
        const pass = begin({
          timestampWrites: { querySet: queries, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 },
        })
        pass.setPipeline(open.pipeline)
        pass.setBindGroup(...open.group)
        pass.dispatchWorkgroups(...count)
        pass.end()
        names.push(open.pipeline.label)
      },
      end() {},
    })
    const finish = encoder.finish.bind(encoder)
    encoder.finish = () => {
      if (names.length > 0) batches.push(read(device, encoder, queries, names))
      return finish()
    }
    return encoder
  }
  return {
    async stop() {
      delete device.createCommandEncoder
      const times = new Map()
      for (const { buffer, names } of batches) {
        await buffer.mapAsync(GPUMapMode.READ)
        const stamps = new BigUint64Array(buffer.getMappedRange())
        names.forEach((name, index) => {
          const known = times.get(name) ?? { ms: 0, count: 0 }
          times.set(name, {
            ms: known.ms + Number(stamps[2 * index + 1] - stamps[2 * index]) / 1e6,
            count: known.count + 1,
          })
        })
        buffer.destroy()
      }
      return times
    },
  }
}

function read(device, encoder, queries, names) {
  const size = names.length * 16
  const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC })
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  encoder.resolveQuerySet(queries, 0, names.length * 2, resolved, 0)
  encoder.copyBufferToBuffer(resolved, 0, buffer, 0, size)
  return { buffer, names }
}
