import { rotaryFrequencies } from '../ops/rotary-frequencies.js'
import { decaySum } from '../retention/decay.js'
import type { Meanings } from './tensor64.js'

export const positionMeanings: Meanings<'positions' | 'rotary' | 'decayNorm'> = {
  positions([start, mask]) {
    const [batch, length] = mask!.type.shape
    const each = new Int32Array(batch * length)
    const next = Int32Array.from(start!.data)
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        each[b * length + t] = next[b]
        next[b] += mask!.data[b * length + t]
      }
    }
    return [each, next]
  },
  rotary([x, position], attributes) {
    const [, , heads, width] = x!.type.shape
    const frequencies = rotaryFrequencies(width, attributes)
    const result = new Float64Array(x!.data.length)
    for (let row = 0; row * width < result.length; row++) {
      const place = position!.data[Math.floor(row / heads)] * (attributes.inverse ? -1 : 1)
      frequencies.forEach((frequency, pair) => {
        const [first, second] = attributes.layout === 'half' ? [pair, pair + width / 2] : [2 * pair, 2 * pair + 1]
        const [cos, sin] = [Math.cos(place * frequency), Math.sin(place * frequency)]
        const [a, b] = [x!.data[row * width + first], x!.data[row * width + second]]
        result[row * width + first] = a * cos - b * sin
        result[row * width + second] = b * cos + a * sin
      })
    }
    return [result]
  },
  decayNorm([x, position], { logDecay }) {
    const [, , heads, width] = x!.type.shape
    return [
      Float64Array.from(x!.data, (value, at) => {
        const row = Math.floor(at / width)
        const place = position!.data[Math.floor(row / heads)]
        return value / Math.sqrt(decaySum(logDecay[row % heads], place))
      }),
    ]
  },
}
