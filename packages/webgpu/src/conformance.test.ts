import { testBackend } from '@retnet/conformance/vitest'
import { webgpu } from './index.js'

testBackend(() => webgpu({ profile: 'subgroups', poison: true }))
