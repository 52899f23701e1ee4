/** A reference model in memory: the specification, the weights and what another implementation computed with them. */
import { type RetNetSpec, type TensorData, type WeightData, parameterShapes } from '@retnet/core'

export interface LoadedFixture {
  readonly spec: RetNetSpec
  readonly weights: Readonly<Record<string, WeightData>>
  /** Everything in expected.safetensors, by its name there. */
  readonly expected: Readonly<Record<string, ExpectedTensor>>
  /** Name that a weight of the model definition has in the checkpoint, as the gradients are named. */
  readonly nameInCheckpoint: (weight: string) => string
}

export interface ExpectedTensor {
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** The part of a tensor file that a fixture needs; `@retnet/formats` has it. */
export interface TensorsLike {
  readonly tensors: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>
  readFloat32(name: string): Promise<Float32Array>
  readInt32(name: string): Promise<Int32Array>
}

/** The part of an open checkpoint that a fixture needs; `@retnet/formats` has it. */
export interface CheckpointLike<Tensors extends TensorsLike> {
  readonly spec: RetNetSpec
  readonly tensors: Tensors
  readonly family: {
    locate(
      weight: string,
      spec: RetNetSpec,
      tensors: Tensors['tensors'],
    ): { readonly tensor: string; readonly rows?: object }
  }
}

/** Reads a fixture completely from its opened files. */
export async function readFixture<Tensors extends TensorsLike>(
  { spec, tensors, family }: CheckpointLike<Tensors>,
  expectedFile: TensorsLike,
): Promise<LoadedFixture> {
  const nameInCheckpoint = (weight: string) => family.locate(weight, spec, tensors.tensors).tensor
  const weights: Record<string, WeightData> = {}
  for (const [name, shape] of parameterShapes(spec)) {
    const data = await tensors.readFloat32(nameInCheckpoint(name))
    weights[name] = { type: { dtype: 'f32', shape }, encoding: 'f32', data }
  }
  const expected: Record<string, ExpectedTensor> = {}
  for (const [name, { dtype, shape }] of expectedFile.tensors) {
    const data = dtype.startsWith('I') ? await expectedFile.readInt32(name) : await expectedFile.readFloat32(name)
    expected[name] = { shape, data }
  }
  return { spec, weights, expected, nameInCheckpoint }
}
