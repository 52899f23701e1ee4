/** A real device some of whose members are replaced: an adapter that lies, is small, or runs out of memory. */
import { openDevice } from '../device/open-device.js'

/** `replace` gets the device underneath; what it returns hides the members of the same name. Destroy it with `destroy()`. */
export async function deviceWith(replace: (device: GPUDevice) => Partial<GPUDevice>): Promise<GPUDevice> {
  const { device } = await openDevice({ profile: 'basic' })
  const replaced = replace(device)
  return new Proxy(device, {
    get(target, name) {
      if (Object.hasOwn(replaced, name)) return replaced[name as keyof typeof replaced]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
