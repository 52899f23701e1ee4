/** Recurrent form: a lane owns one column of the state and walks through the tokens. No barrier, any length, both directions. */
import { kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { type Retention, maskBinding } from './shape.js'

export function emitRecurrent(retention: Retention, lowering: Lowering): void {
  const { batch, length, heads, keyWidth, valueWidth, reverse } = retention
  const total = batch * heads * valueWidth
  const add = 's += k[keys + i] * value; sum += q[keys + i] * s;'
  const step = reverse ? `${add} state[at] = gamma * s;` : `s *= gamma; ${add} state[at] = s;`
  const skip = `if (live[b * ${length}u + t] == 0) { o[values] = 0.0; continue; }`
  lowering.emit(
    kernel({
      name: 'retention.recurrent',
      bindings: [
        read('q', retention.q),
        read('k', retention.k),
        read('v', retention.v),
        ...maskBinding(retention),
        read('rates', retention.rates),
        write('o', retention.output),
        write('state', retention.state),
      ],
      lanes: 64,
      workgroups: [Math.ceil(total / 64)],
      body: `let index = group.x * 64u + lane;
if (index >= ${total}u) { return; }
let j = index % ${valueWidth}u;
let h = index / ${valueWidth}u % ${heads}u;
let b = index / ${heads * valueWidth}u;
let gamma = exp2(rates[h]);
let column = (b * ${heads}u + h) * ${keyWidth * valueWidth}u + j;
for (var step = 0u; step < ${length}u; step++) {
  let t = ${reverse ? `${length - 1}u - step` : 'step'};
  let keys = ((b * ${length}u + t) * ${heads}u + h) * ${keyWidth}u;
  let values = ((b * ${length}u + t) * ${heads}u + h) * ${valueWidth}u + j;
  ${retention.mask ? skip : ''}
  let value = v[values];
  var sum = 0.0;
  for (var i = 0u; i < ${keyWidth}u; i++) {
    let at = column + i * ${valueWidth}u;
    var s = state[at];
    ${step}
  }
  o[values] = sum;
}`,
    }),
  )
}
