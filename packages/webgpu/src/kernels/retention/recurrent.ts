/** Recurrent form: a lane owns one column of the state and walks through the tokens. No barrier, any length, both directions. */
import { kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { stateText } from '../state/state-text.js'
import { type Retention, maskBinding } from './shape.js'

export function emitRecurrent(retention: Retention, lowering: Lowering): void {
  const { batch, length, heads, keyWidth, valueWidth, reverse } = retention
  const { half } = retention.state
  const [element, columns] = half ? ['vec4<f32>', valueWidth / 4] : ['f32', valueWidth]
  const total = batch * heads * columns
  const text = stateText(half, 'f32')
  const add = 's += k[keys + i] * value; sum += q[keys + i] * s;'
  const step = reverse ? `${add} ${text.store('at', 'gamma * s')}` : `s *= gamma; ${add} ${text.store('at', 's')}`
  const skip = `if (live[b * ${length}u + t] == 0) { o[values] = ${element}(); continue; }`
  lowering.emit(
    kernel({
      name: 'retention.recurrent',
      bindings: [
        read('q', retention.q),
        read('k', retention.k),
        read('v', retention.v, element),
        ...maskBinding(retention),
        read('rates', retention.rates),
        write('o', retention.output, element),
        write('state', retention.state.slot, text.element),
      ],
      lanes: 64,
      workgroups: [Math.ceil(total / 64)],
      declarations: text.declarations,
      body: `let index = group.x * 64u + lane;
if (index >= ${total}u) { return; }
let j = index % ${columns}u;
let h = index / ${columns}u % ${heads}u;
let b = index / ${heads * columns}u;
let gamma = exp2(rates[h]);
let column = (b * ${heads}u + h) * ${keyWidth * columns}u + j;
for (var step = 0u; step < ${length}u; step++) {
  let t = ${reverse ? `${length - 1}u - step` : 'step'};
  let keys = ((b * ${length}u + t) * ${heads}u + h) * ${keyWidth}u;
  let values = ((b * ${length}u + t) * ${heads}u + h) * ${columns}u + j;
  ${retention.mask ? skip : ''}
  let value = v[values];
  var sum = ${element}();
  for (var i = 0u; i < ${keyWidth}u; i++) {
    let at = column + i * ${columns}u;
    var s = ${text.load('at')};
    ${step}
  }
  o[values] = sum;
}`,
    }),
  )
}
