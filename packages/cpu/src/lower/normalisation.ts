/** Norms, softmax, sums and losses: everything that works on rows. */
import { type ValueId, sizeOf } from '@retnet/core'
import { Opcode } from '../opcode.js'
import { mergeAxes, splitInner, stridesOf } from '../plan/axes.js'
import type { Lowering } from '../plan/lowering.js'
import { float } from '../plan/record.js'
import type { LowerRules } from './rules.js'

function rowShape(l: Lowering, value: ValueId): [rows: number, width: number] {
  const width = l.shape(value).at(-1) ?? 1
  return [l.size(value) / width, width]
}

/** The walks over the axes that stay and over those that are summed, each with the strides of x. */
function sumWalks(shape: readonly number[], axes: readonly number[]) {
  const strides = stridesOf(shape)
  const pick = (wanted: boolean) => shape.flatMap((_, axis) => (axes.includes(axis) === wanted ? [axis] : []))
  return [false, true].map((wanted) => {
    const picked = pick(wanted)
    return splitInner(
      mergeAxes({ extents: picked.map((axis) => shape[axis]), strides: [picked.map((axis) => strides[axis])] }),
    )
  })
}

export const normalisationRules: LowerRules<
  'sum' | 'softmax' | 'rmsNorm' | 'layerNorm' | 'crossEntropy' | 'crossEntropyGrad'
> = {
  sum(l, { inputs: [x], outputs: [out], attributes: { axes } }) {
    const source = l.place(x!)
    const target = l.define(out)
    const [kept, reduced] = sumWalks(l.shape(x!), axes)
    const head = [kept.outer, kept.inner, kept.steps[0], reduced.outer, reduced.inner, reduced.steps[0]]
    const walks = [...kept.extents, ...kept.strides[0], ...reduced.extents, ...reduced.strides[0]]
    l.emit(Opcode.Sum, 'sum', [...head, source, target, ...walks], {
      reads: [source],
      writes: [target],
      work: l.size(x!),
    })
  },
  softmax(l, { inputs: [x], outputs: [out] }) {
    const source = l.place(x!)
    const target = l.define(out)
    l.emit(Opcode.Softmax, 'softmax', [...rowShape(l, x!), source, target], {
      reads: [source],
      writes: [target],
      inPlace: [[target, source]],
      work: l.size(x!) * 6,
    })
  },
  rmsNorm(l, { inputs: [x, weight], outputs: [out], attributes: { epsilon } }) {
    const [source, scale] = [l.place(x!), l.placeOrNull(weight)]
    const target = l.define(out)
    l.emit(Opcode.RmsNorm, 'rmsNorm', [...rowShape(l, x!), float(epsilon), source, scale, target], {
      reads: [source, scale],
      writes: [target],
      inPlace: [[target, source]],
      work: l.size(x!) * 2,
    })
  },
  layerNorm(l, { inputs: [x, weight, bias], outputs: [out], attributes: { epsilon } }) {
    const [source, scale, shift] = [l.place(x!), l.placeOrNull(weight), l.placeOrNull(bias)]
    const target = l.define(out)
    l.emit(Opcode.LayerNorm, 'layerNorm', [...rowShape(l, x!), float(epsilon), source, scale, shift, target], {
      reads: [source, scale, shift],
      writes: [target],
      inPlace: [[target, source]],
      work: l.size(x!) * 3,
    })
  },
  crossEntropy(l, { inputs: [logits, targets], outputs: [out] }) {
    const [source, wanted] = [l.place(logits!), l.place(targets!)]
    const target = l.define(out)
    l.emit(Opcode.CrossEntropy, 'crossEntropy', [...rowShape(l, logits!), source, wanted, target], {
      reads: [source, wanted],
      writes: [target],
      work: l.size(logits!) * 6,
    })
  },
  crossEntropyGrad(l, { inputs: [logits, targets, dLoss], outputs: [out] }) {
    const [source, wanted, factor] = [l.place(logits!), l.place(targets!), l.place(dLoss!)]
    const target = l.define(out)
    l.emit(Opcode.CrossEntropyGrad, 'crossEntropyGrad', [...rowShape(l, logits!), source, wanted, factor, target], {
      reads: [source, wanted, factor],
      writes: [target],
      inPlace: [[target, source]],
      work: sizeOf(l.shape(logits!)) * 8,
    })
  },
}
