/** The backends by name. Each package is loaded when it is asked for. */
import type { Backend } from '@retnet/core'
import { UsageError } from '../errors.js'

export interface BackendChoice {
  readonly threads?: number
}

const makers = {
  cpu: async ({ threads }: BackendChoice): Promise<Backend> => {
    const { cpu } = await import('@retnet/cpu')
    return cpu(threads === undefined ? {} : { threads })
  },
  webgpu: async ({ threads }: BackendChoice): Promise<Backend> => {
    if (threads !== undefined)
      throw new UsageError('--threads: the webgpu backend has no threads to set.', 'Leave it out.')
    const { webgpu } = await import('@retnet/webgpu')
    return webgpu()
  },
  reference: async ({ threads }: BackendChoice): Promise<Backend> => {
    if (threads !== undefined) throw new UsageError('--threads: the reference backend has one thread.', 'Leave it out.')
    const { reference } = await import('@retnet/core')
    return reference()
  },
}

export type BackendName = keyof typeof makers

export const backendNames = Object.keys(makers) as BackendName[]

export async function createBackend(name: BackendName, choice: BackendChoice): Promise<Backend> {
  return makers[name](choice)
}
