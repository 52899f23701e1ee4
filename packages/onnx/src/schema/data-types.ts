/** The types of numbers that this package writes, as the ONNX schema numbers them. */
import { TensorProto_DataType } from './generated/onnx_pb.js'

export type OnnxType = 'f32' | 'f16' | 'u8' | 'i32' | 'i64' | 'bool'

export const dataTypes: Readonly<Record<OnnxType, number>> = {
  f32: TensorProto_DataType.FLOAT,
  f16: TensorProto_DataType.FLOAT16,
  u8: TensorProto_DataType.UINT8,
  i32: TensorProto_DataType.INT32,
  i64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
}
