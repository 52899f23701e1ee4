/** WGSL that reads and writes states: f32 as they are, or four at a time where they are held in halves. */
import type { Slot } from '../../compile/kernel.js'
import { halvesText } from '../matmul/halves.js'

/** Where a state lives, and whether its numbers are halves there. */
export interface StateSlot {
  readonly slot: Slot
  readonly half: boolean
}

export interface StateText {
  /** Element of the binding `state`. */
  readonly element: string
  readonly declarations: string
  readonly load: (at: string) => string
  readonly store: (at: string, value: string) => string
}

const numbersText = `${halvesText}
fn numbers(h: vec2<u32>) -> vec4f { return vec4f(unpack2x16float(h.x), unpack2x16float(h.y)); }`

/** `plain`: element of a state in f32, `f32` or `vec4<f32>`. In halves it is four numbers in any case. */
export function stateText(half: boolean, plain: 'f32' | 'vec4<f32>'): StateText {
  if (half) {
    return {
      element: 'vec2<u32>',
      declarations: numbersText,
      load: (at) => `numbers(state[${at}])`,
      store: (at, value) => `state[${at}] = halves(${value});`,
    }
  }
  return {
    element: plain,
    declarations: '',
    load: (at) => `state[${at}]`,
    store: (at, value) => `state[${at}] = ${value};`,
  }
}
