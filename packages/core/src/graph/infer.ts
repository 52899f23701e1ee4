/** The shape rule of every op: operand types and attributes in, result types out, or a ShapeError. */
import type { OpMap, OpName } from '../contract/op-map.js'
import type { TensorType } from '../contract/tensor.js'
import { contractionRules } from '../ops/contraction.js'
import { elementwiseRules } from '../ops/elementwise.js'
import { lossRules } from '../ops/loss.js'
import { normRules } from '../ops/norm.js'
import { positionRules } from '../ops/position.js'
import { reductionRules } from '../ops/reduction.js'
import { retentionRules } from '../ops/retention.js'
import { sampleRules } from '../ops/sample.js'
import { structureRules } from '../ops/structure.js'
import type { OperandTypes } from './shape-rules.js'

export type ShapeRules<Ops extends OpName> = {
  readonly [Op in Ops]: (types: OperandTypes, attributes: OpMap[Op]) => readonly TensorType[]
}

const rules: ShapeRules<OpName> = {
  ...structureRules,
  ...elementwiseRules,
  ...reductionRules,
  ...contractionRules,
  ...normRules,
  ...positionRules,
  ...retentionRules,
  ...sampleRules,
  ...lossRules,
}

export function infer<Op extends OpName>(op: Op, types: OperandTypes, attributes: OpMap[Op]): readonly TensorType[] {
  return rules[op](types, attributes)
}

export function isOpName(name: string): name is OpName {
  return Object.hasOwn(rules, name)
}
