/**
 * The kernels, and the loop that runs a tape of records.
 * No allocator, and static data are constants between the control block and the heap: every instance of this module may share one memory. Kernels are exported so that the optimizer does
 * not inline them into the loops, which V8 would then never replace by their optimised versions.
 */
import { Opcode } from '../src/opcode'
import { copyKernel, fillKernel } from './copy'
import { binaryKernel, unaryKernel } from './elementwise'
import { embedKernel, scatterAddKernel } from './embed'
import { GEMM_SCRATCH, gemm, gemmKernel } from './gemm'
import { dot1, dot4, dotHalf4, gemvKernel, raise, widenRow } from './gemv'
import { dotBytes4, quantizeKernel } from './gemv-bytes'
import { dotNibbles4, quantizeBytesKernel } from './gemv-nibbles'
import { crossEntropyGradKernel, crossEntropyKernel } from './loss'
import { layerNormKernel, rmsNormKernel } from './norm'
import { packA, packB, packBytes, packHalf, packNibbles } from './pack'
import { anglesKernel, decayNormKernel, positionsKernel, rotaryKernel } from './position'
import { RECORD_BYTES } from './record'
import { softmaxKernel, sumKernel } from './reduce'
import { chunkStep, chunkwiseKernel, recurrentBlock, recurrentKernel, step1, step16 } from './retention'
import { ARGUMENTS, DONE, JOB, STOP, TICKET, finishPart, nextJob, stepJob, waitDone } from './sync'
import { tile4, tile6 } from './tile'

export {
  anglesKernel, binaryKernel, chunkStep, chunkwiseKernel, copyKernel, crossEntropyGradKernel, crossEntropyKernel,
  decayNormKernel, dot1, dot4, dotBytes4, dotHalf4, dotNibbles4, embedKernel, fillKernel, gemm, gemmKernel, gemvKernel, layerNormKernel, packA, packB, packBytes, packHalf, packNibbles,
  positionsKernel, recurrentBlock, recurrentKernel, quantizeBytesKernel, quantizeKernel, raise, rmsNormKernel, rotaryKernel, scatterAddKernel, softmaxKernel, step1, step16,
  sumKernel, tile4, tile6, unaryKernel, widenRow,
}

export function dispatch(r: usize, thread: i32, threads: i32, scratch: usize): void {
  switch (load<i32>(r)) {
    case Opcode.Gemm: return gemmKernel(r, thread, threads, scratch)
    case Opcode.Gemv: return gemvKernel(r, thread, threads, scratch)
    case Opcode.Unary: return unaryKernel(r, thread, threads, scratch)
    case Opcode.Binary: return binaryKernel(r, thread, threads, scratch)
    case Opcode.Copy: return copyKernel(r, thread, threads, scratch)
    case Opcode.Fill: return fillKernel(r, thread, threads, scratch)
    case Opcode.Sum: return sumKernel(r, thread, threads, scratch)
    case Opcode.Softmax: return softmaxKernel(r, thread, threads, scratch)
    case Opcode.Embed: return embedKernel(r, thread, threads, scratch)
    case Opcode.ScatterAdd: return scatterAddKernel(r, thread, threads, scratch)
    case Opcode.RmsNorm: return rmsNormKernel(r, thread, threads, scratch)
    case Opcode.LayerNorm: return layerNormKernel(r, thread, threads, scratch)
    case Opcode.Positions: return positionsKernel(r, thread, threads, scratch)
    case Opcode.Angles: return anglesKernel(r, thread, threads, scratch)
    case Opcode.Rotary: return rotaryKernel(r, thread, threads, scratch)
    case Opcode.DecayNorm: return decayNormKernel(r, thread, threads, scratch)
    case Opcode.RetentionRecurrent: return recurrentKernel(r, thread, threads, scratch)
    case Opcode.RetentionChunkwise: return chunkwiseKernel(r, thread, threads, scratch)
    case Opcode.CrossEntropy: return crossEntropyKernel(r, thread, threads, scratch)
    case Opcode.CrossEntropyGrad: return crossEntropyGradKernel(r, thread, threads, scratch)
    case Opcode.Quantize: return quantizeKernel(r, thread, threads, scratch)
    case Opcode.QuantizeBytes: return quantizeBytesKernel(r, thread, threads, scratch)
    default: unreachable()
  }
}

/** Claims and runs parts of a job until none is left. */
export function runShared(tape: usize, count: i32, base: i64, total: i32, scratch: usize, block: bool): void {
  const end = base + total
  const last = tape + usize(count - 1) * RECORD_BYTES
  let record = tape
  while (true) {
    const ticket = atomic.load<i64>(TICKET)
    if (ticket >= end) return
    const part = i32(ticket - base)
    while (record < last && part >= load<i32>(record, 8) + load<i32>(record, 4)) record += RECORD_BYTES
    const required = base + load<i32>(record, 12)
    // Waiting comes before claiming: a thread that is taken off its core here keeps nobody waiting.
    if (atomic.load<i64>(DONE) < required) {
      waitDone(required, ticket, block)
      continue
    }
    if (atomic.cmpxchg<i64>(TICKET, ticket, ticket + 1) != ticket) continue
    dispatch(record, part - load<i32>(record, 8), load<i32>(record, 4), scratch)
    finishPart()
  }
}

export function runAlone(tape: usize, count: i32, scratch: usize): void {
  for (const end = tape + usize(count) * RECORD_BYTES; tape < end; tape += RECORD_BYTES) dispatch(tape, 0, 1, scratch)
}

/** Runs a tape of `total` parts, with the helper threads or alone. `block`: whether this thread may sleep. */
export function launch(tape: usize, count: i32, total: i32, scratch: usize, stride: usize, block: bool, shared: bool): void {
  if (!shared) return runAlone(tape, count, scratch)
  const base = atomic.load<i64>(TICKET)
  stepJob()
  store<usize>(ARGUMENTS, tape)
  store<i32>(ARGUMENTS, count, 4)
  store<i64>(ARGUMENTS, base, 8)
  store<i32>(ARGUMENTS, total, 16)
  store<usize>(ARGUMENTS, scratch, 20)
  store<usize>(ARGUMENTS, stride, 24)
  stepJob()
  runShared(tape, count, base, total, scratch, block)
  waitDone(base + total, -1, block)
}

/** A helper thread's life: waits for jobs until it is told to stop. */
export function work(thread: i32): void {
  let job = 0
  while (true) {
    job = nextJob(job)
    if (atomic.load<i32>(STOP)) return
    const tape = load<usize>(ARGUMENTS)
    const count = load<i32>(ARGUMENTS, 4)
    const base = load<i64>(ARGUMENTS, 8)
    const total = load<i32>(ARGUMENTS, 16)
    const scratch = load<usize>(ARGUMENTS, 20) + usize(thread) * load<usize>(ARGUMENTS, 24)
    // If the next job was being written meanwhile, the arguments may be a mixture.
    if (atomic.load<i32>(JOB) == job) runShared(tape, count, base, total, scratch, true)
  }
}

/** Ends every helper thread that waits for a job. */
export function stop(): void {
  atomic.store<i32>(STOP, 1)
  stepJob()
  stepJob()
}

export function recordBytes(): usize {
  return RECORD_BYTES
}

/** Scratch bytes that one thread of a matrix product needs. */
export function gemmScratch(): usize {
  return GEMM_SCRATCH
}
