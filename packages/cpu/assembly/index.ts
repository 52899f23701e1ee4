/**
 * The kernels, and the loop that runs a tape of records. A record is [opcode, barrier before it, arguments...] in RECORD_BYTES bytes.
 * No allocator and no static data: every instance of this module may share one memory. Kernels are exported so that the optimizer does
 * not inline them into the loops, which V8 would then never replace by their optimised versions.
 */
import { Opcode } from '../src/opcode'
import { copyKernel, fillKernel } from './copy'
import { binaryKernel, unaryKernel } from './elementwise'
import { embedKernel, scatterAddKernel } from './embed'
import { GEMM_SCRATCH, gemm, gemmKernel } from './gemm'
import { gemvKernel } from './gemv'
import { crossEntropyGradKernel, crossEntropyKernel } from './loss'
import { layerNormKernel, rmsNormKernel } from './norm'
import { packA, packB, packBytes, packHalf } from './pack'
import { anglesKernel, decayNormKernel, positionsKernel, rotaryKernel } from './position'
import { RECORD_BYTES } from './record'
import { softmaxKernel, sumKernel } from './reduce'
import { chunkStep, chunkwiseKernel, recurrentBlock, recurrentKernel, step1, step16 } from './retention'
import { ARGUMENTS, STOP, announce, barrier, nextJob } from './sync'
import { tile4, tile6 } from './tile'

export {
  anglesKernel, barrier, binaryKernel, chunkStep, chunkwiseKernel, copyKernel, crossEntropyGradKernel, crossEntropyKernel,
  decayNormKernel, embedKernel, fillKernel, gemm, gemmKernel, gemvKernel, layerNormKernel, packA, packB, packBytes, packHalf,
  positionsKernel, recurrentBlock, recurrentKernel, rmsNormKernel, rotaryKernel, scatterAddKernel, softmaxKernel, step1, step16,
  sumKernel, tile4, tile6, unaryKernel,
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
    default: unreachable()
  }
}

export function runTape(tape: usize, count: i32, thread: i32, threads: i32, scratch: usize, block: bool): void {
  for (const end = tape + usize(count) * RECORD_BYTES; tape < end; tape += RECORD_BYTES) {
    if (load<i32>(tape, 4)) barrier(threads, block)
    dispatch(tape, thread, threads, scratch)
  }
  barrier(threads, block)
}

/** Runs a tape on `threads` threads, this one included. `block`: whether this thread may sleep. */
export function launch(tape: usize, count: i32, threads: i32, scratch: usize, scratchStride: usize, block: bool): void {
  if (threads > 1) {
    store<usize>(ARGUMENTS, tape)
    store<i32>(ARGUMENTS + 4, count)
    store<i32>(ARGUMENTS + 8, threads)
    store<usize>(ARGUMENTS + 12, scratch)
    store<usize>(ARGUMENTS + 16, scratchStride)
    announce()
  }
  runTape(tape, count, 0, threads, scratch, block)
}

/** A helper thread's life: waits for jobs until it is told to stop. */
export function work(thread: i32): void {
  let job = 0
  for (;;) {
    job = nextJob(job)
    if (atomic.load<i32>(STOP)) return
    const threads = load<i32>(ARGUMENTS + 8)
    const scratch = load<usize>(ARGUMENTS + 12) + usize(thread) * load<usize>(ARGUMENTS + 16)
    if (thread < threads) runTape(load<usize>(ARGUMENTS), load<i32>(ARGUMENTS + 4), thread, threads, scratch, true)
  }
}

/** Ends every helper thread that waits for a job. */
export function stop(): void {
  atomic.store<i32>(STOP, 1)
  announce()
}

export function recordBytes(): usize {
  return RECORD_BYTES
}

/** Scratch bytes that one thread of a matrix product needs. */
export function gemmScratch(): usize {
  return GEMM_SCRATCH
}
