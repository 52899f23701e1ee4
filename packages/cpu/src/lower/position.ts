/** Counting, rotation and the decay sum. The cosines of a rotation are computed once a run and shared by all its users. */
import { type RotaryAttributes, type ValueId, rotaryFrequencies } from '@retnet/core'
import { Opcode } from '../opcode.js'
import type { Lowering } from '../plan/lowering.js'
import { type Place, float } from '../plan/record.js'
import type { LowerRules } from './rules.js'

/** [tokens, 2, D]: cosines and signed sines of every element of a head. */
function angles(l: Lowering, positions: ValueId, width: number, rotation: RotaryAttributes): Place {
  const { layout, frequencies, base } = rotation
  const rule = `${width} ${frequencies} ${base}`
  return l.shared(`angles ${positions} ${layout} ${rule}`, () => {
    const source = l.place(positions)
    const table = l.shared(`frequencies ${rule}`, () => l.constant(rotaryFrequencies(width, rotation)))
    const count = l.size(positions)
    const target = l.temporary(count * width * 8)
    const half = Number(layout === 'half')
    l.emit(Opcode.Angles, 'angles', [count, width, source, table, half, target], {
      reads: [source],
      writes: [target],
      work: count * width * 16,
    })
    return target
  })
}

export const positionRules: LowerRules<'positions' | 'rotary' | 'decayNorm'> = {
  positions(l, { inputs: [start, mask], outputs: [each, next] }) {
    const [before, counted] = [l.place(start!), l.place(mask!)]
    const [target, after] = [l.define(each), l.define(next)]
    const [batch, length] = l.shape(mask!)
    l.emit(Opcode.Positions, 'positions', [batch, length, before, counted, target, after], {
      reads: [before, counted],
      writes: [target, after],
      inPlace: [[after, before]],
      work: batch * length,
    })
  },
  rotary(l, { inputs: [x, positions], outputs: [out], attributes }) {
    const [batch, length, heads, width] = l.shape(x!)
    const table = angles(l, positions!, width, attributes)
    const source = l.place(x!)
    const target = l.define(out)
    const half = Number(attributes.layout === 'half')
    const sign = float(attributes.inverse ? -1 : 1)
    l.emit(Opcode.Rotary, 'rotary', [batch * length, heads, width, source, table, half, sign, target], {
      reads: [source, table],
      writes: [target],
      inPlace: [[target, source]],
      work: l.size(x!) * 2,
    })
  },
  decayNorm(l, { inputs: [x, positions], outputs: [out], attributes: { logDecay } }) {
    const [batch, length, heads, width] = l.shape(x!)
    const decay = l.shared(`logDecay ${logDecay.join()}`, () => l.constant(Float64Array.from(logDecay)))
    const [source, place] = [l.place(x!), l.place(positions!)]
    const target = l.define(out)
    l.emit(Opcode.DecayNorm, 'decayNorm', [batch * length, heads, width, source, place, decay, target], {
      reads: [source, place],
      writes: [target],
      inPlace: [[target, source]],
      work: l.size(x!) + batch * length * heads * 30,
    })
  },
}
