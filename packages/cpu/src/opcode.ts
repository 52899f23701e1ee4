/** Numbers of the kernels and their variants: read by the TypeScript that writes a tape and by the AssemblyScript that runs it. */
export enum Opcode {
  Gemm,
  Gemv,
  Unary,
  Binary,
  Copy,
  Fill,
  Sum,
  Softmax,
  Embed,
  ScatterAdd,
  RmsNorm,
  LayerNorm,
  Positions,
  Angles,
  Rotary,
  DecayNorm,
  RetentionRecurrent,
  RetentionChunkwise,
  CrossEntropy,
  CrossEntropyGrad,
  Quantize,
  QuantizeBytes,
}

export enum Unary {
  Exp,
  Log,
  Erf,
  Sigmoid,
  Silu,
  Gelu,
  Rsqrt,
  Scale,
  Cast,
}

export enum Binary {
  Add,
  Sub,
  Mul,
  Div,
  MulSilu,
}
