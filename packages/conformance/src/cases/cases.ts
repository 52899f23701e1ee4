import type { OpName } from '@retnet/core'
import type { CasesOf, OpCase } from '../case.js'
import { contractionCases } from './contraction.js'
import { elementwiseCases } from './elementwise.js'
import { graphCases } from './graph.js'
import { lossCases } from './loss.js'
import { normCases } from './norm.js'
import { positionCases } from './position.js'
import { reductionCases } from './reduction.js'
import { retentionCases } from './retention.js'
import { sampleCases } from './sample.js'
import { structureCases } from './structure.js'

const byOp: CasesOf<OpName | 'graph'> = {
  ...structureCases,
  ...elementwiseCases,
  ...reductionCases,
  ...contractionCases,
  ...normCases,
  ...positionCases,
  ...retentionCases,
  ...sampleCases,
  ...lossCases,
  ...graphCases,
}

/** The table: every case of every op. */
export const cases: readonly OpCase[] = Object.entries(byOp).flatMap(([op, bodies]) =>
  bodies.map((body): OpCase => ({ ...body, op: op as OpCase['op'], id: `${op}: ${body.name}` })),
)
