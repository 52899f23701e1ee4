/**
 * A kernel for element-wise ops that feed one another, and norms of rows between them: every number is read once and lives in
 * registers until what others need is written, in f32 or as the halves that a matrix product reads.
 */
import { sizeOf } from '@retnet/core'
import { type Binding, kernel, read, write } from '../../compile/kernel.js'
import { literal } from '../../compile/indexing.js'
import type { GraphNode, Lowering } from '../../compile/lowering.js'
import { laneSums } from '../decode/lane-sums.js'
import { decayScale } from '../position/decay-scale.js'
import { expm1Function } from '../position/expm1.js'
import { halvesText, placeHalves } from '../matmul/halves.js'
import { type ChainNode, isNorm, numbersOf } from './chain-node.js'
import { type ChainShape, chainShape } from './chain-shape.js'
import { erfFunction, erfOfFour } from './erf.js'
import { type BinaryOp, type UnaryOp, binaryOperators, unaryTexts } from './expression.js'

/** A value that others read, and in which forms. */
export interface ChainResult {
  readonly value: number
  readonly plain: boolean
  /** Columns of the matrix of halves. */
  readonly halfColumns: number | null
}

export interface Chain {
  /** In an order in which each is made before it is read. */
  readonly nodes: readonly ChainNode[]
  readonly results: readonly ChainResult[]
  /** The value before all reshapes. */
  readonly root: (value: number) => number
}

export function emitChain(chain: Chain, lowering: Lowering): void {
  const shape = chainShape(chain.nodes, lowering)
  const text = new ChainText(chain, shape, lowering)
  const { lanes, copies, row, units } = shape
  const sums = laneSums(lowering.profile, lanes, 1)
  const norms = chain.nodes.some(isNorm)
  lowering.emit(
    kernel({
      name: `chain.${chain.nodes.map(({ op }) => op).join('.')}`,
      bindings: text.bindings,
      lanes,
      workgroups: [norms ? units / row : Math.ceil(units / lanes)],
      enables: norms ? sums.enables : [],
      declarations: [
        chain.nodes.some(({ op }) => op === 'decayNorm') ? expm1Function : '',
        ...text.declarations,
        chain.nodes.some(({ op }) => op === 'erf' || op === 'gelu') ? (shape.unit === 4 ? erfOfFour : erfFunction) : '',
        chain.results.some(({ halfColumns }) => halfColumns !== null) ? halvesText : '',
        norms ? sums.declarations : '',
      ]
        .filter(Boolean)
        .join('\n'),
      body: [norms ? rowPlaces(row, lanes, copies) : elementPlace(units, lanes), ...text.lines].join('\n'),
    }),
  )
}

function elementPlace(units: number, lanes: number): string {
  return `let at0 = group.x * ${lanes}u + lane;\nif (at0 >= ${units}u) { return; }`
}

/** Lanes past the end of a row compute its last numbers again and leave them out of sums. */
function rowPlaces(row: number, lanes: number, copies: number): string {
  return Array.from({ length: copies }, (_, c) => {
    const inRow = `lane + ${c * lanes}u`
    return row % lanes === 0
      ? `let at${c} = group.x * ${row}u + ${inRow};`
      : `let inside${c} = ${inRow} < ${row}u;\nlet at${c} = group.x * ${row}u + min(${inRow}, ${row - 1}u);`
  }).join('\n')
}

/** Writes the chain line by line; each number that a lane holds is a constant of its own. */
class ChainText {
  readonly lines: string[] = []
  readonly bindings: Binding[] = []
  readonly declarations: string[] = []
  readonly #chain: Chain
  readonly #shape: ChainShape
  readonly #lowering: Lowering
  /** Prefix of the constants of a value; that of copy 2 is `PREFIX_2`. */
  readonly #names = new Map<number, string>()

  constructor(chain: Chain, shape: ChainShape, lowering: Lowering) {
    this.#chain = chain
    this.#shape = shape
    this.#lowering = lowering
    for (const node of chain.nodes) this.#add(node)
    for (const result of chain.results) this.#store(result)
  }

  #add(node: ChainNode): void {
    const name = `v${this.#names.size}`
    if (isNorm(node)) this.#norm(name, node)
    else if (node.op === 'decayNorm') this.#decayNorm(name, node)
    else {
      const operands = numbersOf(node).map((value) => this.#operand(value))
      const text = (c: number) =>
        elementText(
          node,
          operands.map((operand) => `${operand}_${c}`),
        )
      this.#each((c) => `let ${name}_${c} = ${text(c)};`)
    }
    this.#names.set(this.#chain.root(node.outputs[0]), name)
  }

  #decayNorm(name: string, node: GraphNode<'decayNorm'>): void {
    const [, , heads, width] = this.#lowering.type(node.inputs[0]!).shape
    const x = this.#operand(node.inputs[0]!)
    const [place, rates] = [`${name}place`, `${name}rates`]
    this.bindings.push(read(place, this.#lowering.slot(node.inputs[1]!), 'i32'))
    this.bindings.push(read(rates, this.#lowering.table(Float32Array.from(node.attributes.logDecay))))
    this.declarations.push(decayScale(`${name}scale`, place, rates, heads))
    this.#each((c) => `let ${name}_${c} = ${x}_${c} * ${name}scale(at${c} / ${width / this.#shape.unit}u);`)
  }

  #norm(name: string, node: GraphNode<'rmsNorm' | 'layerNorm'>): void {
    const [x, weight, bias] = node.inputs.map((value) => (value === null ? null : this.#operand(value)))
    const columns = this.#shape.row * this.#shape.unit
    const from = node.op === 'layerNorm' ? `${name}c` : x!
    if (node.op === 'layerNorm') {
      this.#sum(`${name}mean`, (c) => (this.#shape.unit === 4 ? `dot(${x}_${c}, vec4f(1.0))` : `${x}_${c}`))
      this.#each((c) => `let ${from}_${c} = ${x}_${c} - ${name}mean / ${literal(columns)};`)
    }
    this.#sum(`${name}squares`, (c) =>
      this.#shape.unit === 4 ? `dot(${from}_${c}, ${from}_${c})` : `${from}_${c} * ${from}_${c}`,
    )
    const inverse = `inverseSqrt(${name}squares / ${literal(columns)} + ${literal(node.attributes.epsilon)})`
    this.lines.push(`let ${name}inverse = ${inverse};`)
    const affine = (c: number) => `${weight ? ` * ${weight}_${c}` : ''}${bias ? ` + ${bias}_${c}` : ''}`
    this.#each((c) => `let ${name}_${c} = ${from}_${c} * ${name}inverse${affine(c)};`)
  }

  /** Declares the sum over the row of a text of each copy. The first barrier is for those who still read the sum before. */
  #sum(name: string, each: (copy: number) => string): void {
    const { lanes, copies, row } = this.#shape
    const terms = Array.from({ length: copies }, (_, c) =>
      row % lanes === 0 ? each(c) : `select(0.0, ${each(c)}, inside${c})`,
    )
    const sums = laneSums(this.#lowering.profile, lanes, 1)
    this.lines.push(`workgroupBarrier();\n{ ${sums.store([terms.join(' + ')])} }\nlet ${name} = total(0u);`)
  }

  #operand(value: number): string {
    const root = this.#chain.root(value)
    const known = this.#names.get(root)
    if (known) return known
    const name = `x${this.bindings.length}`
    const size = sizeOf(this.#lowering.type(value).shape)
    const { units, unit, element } = this.#shape
    const scalar = size === 1 && units * unit > 1
    this.bindings.push(read(`from${name}`, this.#lowering.slot(value), scalar ? 'f32' : element))
    const at = (c: number) => (scalar ? '0u' : size === units * unit ? `at${c}` : `at${c} % ${size / unit}u`)
    this.#each((c) => `let ${name}_${c} = ${scalar && unit === 4 ? 'vec4f' : ''}(from${name}[${at(c)}]);`)
    this.#names.set(root, name)
    return name
  }

  #store({ value, plain, halfColumns }: ChainResult): void {
    const name = this.#names.get(this.#chain.root(value))!
    const { units, element, unit, row, lanes } = this.#shape
    const target = `to${this.bindings.length}`
    const guard = (c: number) => (this.#chain.nodes.some(isNorm) && row % lanes !== 0 ? `if (inside${c}) ` : '')
    if (plain) {
      this.bindings.push(write(target, this.#lowering.slot(value), element))
      this.#each((c) => `${guard(c)}{ ${target}[at${c}] = ${name}_${c}; }`)
    }
    if (halfColumns === null) return
    const slot = placeHalves(this.#lowering, value, (units * unit) / halfColumns, halfColumns)
    this.bindings.push(write(`${target}Half`, slot, 'vec2<u32>'))
    this.#each((c) => `${guard(c)}{ ${target}Half[at${c}] = halves(${name}_${c}); }`)
  }

  #each(line: (copy: number) => string): void {
    for (let copy = 0; copy < this.#shape.copies; copy++) this.lines.push(line(copy))
  }
}

function elementText(node: ChainNode, [a, b]: readonly string[]): string {
  if (node.op in binaryOperators) return `${a} ${binaryOperators[node.op as BinaryOp]} ${b}`
  return unaryTexts[node.op as UnaryOp](a, node.attributes as never)
}
