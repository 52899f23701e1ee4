import { expect, test } from 'vitest'
import { webgpu } from './index.js'
test('opens SwiftShader and passes the self-test', async () => {
  for (const profile of ['basic', 'subgroups'] as const) {
    using gpu = await webgpu({ profile })
    console.log(gpu.limits)
    expect(gpu.name).toBe('webgpu')
  }
})
