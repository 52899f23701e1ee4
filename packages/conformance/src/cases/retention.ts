import { type GraphBuilder, type RetentionForm, type Value, logDecays, retention } from '@retnet/core'
import type { CaseBody, CasesOf } from '../case.js'
import { type MaskKind, mask } from '../values/make.js'

interface Setting {
  readonly batch?: number
  readonly length: number
  readonly decay?: readonly number[]
  readonly key?: number
  readonly value?: number
  readonly mask?: MaskKind
  readonly state?: boolean
  readonly reverse?: boolean
  readonly form?: RetentionForm
  readonly chunk?: number
  readonly by?: readonly string[]
}

const lengths = [1, 2, 63, 100, 129]
const chunks = [1, 7, 16, 64]
const masks: readonly MaskKind[] = ['full', 'left', 'right', 'holes', 'dead', 'ragged']

function retentionCase(setting: Setting): CaseBody {
  const { batch = 2, length, decay = logDecays('power', 3), key = 8, value = 12, reverse = false } = setting
  const heads = decay.length
  return {
    name: describe(setting),
    build(g: GraphBuilder) {
      const q = g.input('q', [batch, length, heads, key])
      const k = g.input('k', [batch, length, heads, key])
      const v = g.input('v', [batch, length, heads, value])
      const live = setting.mask ? g.input('mask', [batch, length], 'i32') : null
      const before = setting.state ? g.input('before', [batch, heads, key, value]) : null
      return { ...retention(q, k, v, { logDecay: decay, mask: live, state: before, reverse }) }
    },
    values: setting.mask ? { mask: mask(setting.mask) } : {},
    ...(setting.form && { form: setting.form }),
    ...(setting.chunk && { chunk: setting.chunk }),
    ...(setting.by && { by: setting.by }),
  }
}

function describe(setting: Setting): string {
  const parts = [
    setting.form && setting.form + (setting.chunk ? ` by ${setting.chunk}` : ''),
    `length ${setting.length}`,
    setting.batch && `batch ${setting.batch}`,
    setting.key && `widths ${setting.key} and ${setting.value}`,
    setting.decay && `log decay [${setting.decay.map((rate) => rate.toPrecision(2)).join(', ')}]`,
    setting.mask && `${setting.mask} mask`,
    setting.state && 'initial state',
    setting.reverse && 'reverse',
  ]
  return parts.filter(Boolean).join(', ')
}

/** The forms differ in order of summation, which shows where the state is much larger than what is added to it. */
const forms: readonly Setting[] = [
  ...(['parallel', 'recurrent'] as const).flatMap((form) => lengths.map((length) => ({ form, length }))),
  ...chunks.flatMap((chunk) => lengths.map((length) => ({ form: 'chunkwise' as const, chunk, length }))),
]

export const retentionCases: CasesOf<'retention'> = {
  retention: [
    ...forms.flatMap((setting) => [
      { ...setting, by: [] },
      { ...setting, state: true, mask: 'holes' as const, by: setting.length > 64 ? [] : undefined },
    ]),
    ...[false, true].flatMap((reverse) => [
      ...lengths.map((length) => ({ length, reverse, by: length === 129 ? [] : undefined })),
      ...lengths.map((length) => ({ length, reverse, state: true, by: length === 100 ? [] : undefined })),
      ...masks.map((kind) => ({ batch: 3, length: 21, reverse, mask: kind, state: true })),
      ...masks.map((kind) => ({ batch: 3, length: 21, reverse, mask: kind })),
      { length: 63, reverse, decay: [0, -0.001, -3], state: true },
    ]),
    ...masks.flatMap((kind) =>
      (['parallel', 'recurrent', 'chunkwise'] as const).map((form) => ({
        batch: 3,
        length: 21,
        form,
        chunk: 7,
        mask: kind,
        state: true,
        by: [],
      })),
    ),
    { length: 129, key: 32, value: 64, decay: logDecays('linspace', 2), batch: 1 },
    { length: 100, key: 64, value: 32, decay: logDecays('power', 2), batch: 1, state: true },
    { length: 7, key: 5, value: 3, decay: [-0.1], batch: 1, state: true },
    { length: 9, key: 1, value: 1, decay: [-0.1], batch: 1 },
    { length: 1, key: 16, value: 27, decay: logDecays('power', 5), batch: 5, state: true, mask: 'dead' as const },
    { length: 63, key: 8, value: 8, decay: [-40, -0.5], batch: 1, state: true },
  ]
    .map(retentionCase)
    .concat([
      {
        name: 'one tensor as queries, keys and values',
        build(g: GraphBuilder): Record<string, Value> {
          const x = g.input('x', [1, 21, 2, 8])
          return { ...retention(x, x, x, { logDecay: [-0.1, -0.2] }) }
        },
      },
      {
        name: 'only the state is read',
        build(g: GraphBuilder) {
          const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, [2, 21, 2, 8]))
          return { state: retention(q, k, v, { logDecay: [-0.1, -0.2] }).state }
        },
        by: ['k', 'v'],
      },
      {
        name: 'only the output is read',
        build(g: GraphBuilder) {
          const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, [2, 21, 2, 8]))
          return { output: retention(q, k, v, { logDecay: [-0.1, -0.2] }).output }
        },
      },
    ]),
}
